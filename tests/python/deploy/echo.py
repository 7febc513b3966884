"""A server that says it is ready and answers with the headers that it got; and one that keeps what is posted to it.

    echo.py PORT [FILE]      FILE gets the bodies of POST, one a line
"""

import http.server
import json
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        if body and len(sys.argv) > 2:
            with open(sys.argv[2], "a") as file:
                file.write(body + "\n")
        pairs = [[name.lower(), value] for name, value in self.headers.items()]
        content = json.dumps({"path": self.path, "headers": pairs}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
