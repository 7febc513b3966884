"""A server that answers as Amazon S3 does, with one bucket, for the tests of aurora-crm's files.

It prints its port once it listens, and ends with its standard input, so that it outlives no test.
"""

import sys

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
client = boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="sa-east-1",
    aws_access_key_id="testing",
    aws_secret_access_key="testing",
)
client.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "sa-east-1"})
print(port, flush=True)
sys.stdin.read()
server.stop()
