/** Reads a body of server-sent events and hands each to on(name, data), data being parsed JSON. */
export async function readEvents(body, on) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const pieces = (waiting + value.replaceAll("\r\n", "\n")).split("\n\n");
    waiting = pieces.pop();
    for (const piece of pieces) hand(piece, on);
  }
}

function hand(piece, on) {
  let name = "message";
  const data = [];
  for (const line of piece.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  if (data.length) on(name, JSON.parse(data.join("\n")));
}
