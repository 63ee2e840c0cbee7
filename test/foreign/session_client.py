"""A client of sessions that shares no code with the gateway: frames of RFC 6455 by hand, messages by protoc.

usage: session_client.py GENERATED_DIR HOST PORT

Prints one JSON object a line: {"check": what is promised, "ok": true or false, "got": what came}.
"""
import base64
import hashlib
import json
import os
import socket
import struct
import sys

sys.path.insert(0, sys.argv[1])

import streaming_pb2 as pb
from sluice.v1 import session_pb2 as session

HOST, PORT = sys.argv[2], int(sys.argv[3])
SERVICE = "streaming.StreamingService/"


def check(what, ok, got=""):
    print(json.dumps({"check": what, "ok": bool(ok), "got": str(got)[:500]}), flush=True)


class Closed(Exception):
    pass


class Socket:
    def __init__(self, protocol):
        self.conn = socket.create_connection((HOST, PORT), timeout=100)
        self.rest = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.conn.sendall(
            (
                f"GET /_sluice/session HTTP/1.1\r\nHost: {HOST}:{PORT}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
            ).encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.conn.recv(4096)
        head, self.rest = head.split(b"\r\n\r\n", 1)
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        lines = head.lower().split(b"\r\n")
        check(f"{protocol}: the handshake", lines[0].split()[1] == b"101" and accept.lower() in head.lower(), head)
        check(f"{protocol}: the sub-protocol", f"sec-websocket-protocol: {protocol}".encode() in lines, head)

    def write(self, opcode, payload, fin=True):
        mask = os.urandom(4)
        first = bytes([(0x80 if fin else 0) | opcode])
        size = len(payload)
        if size < 126:
            head = first + bytes([0x80 | size])
        elif size < 65536:
            head = first + bytes([0xFE]) + struct.pack("!H", size)
        else:
            head = first + bytes([0xFF]) + struct.pack("!Q", size)
        self.conn.sendall(head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)))

    def exactly(self, count):
        while len(self.rest) < count:
            more = self.conn.recv(65536)
            if not more:
                raise Closed("no close frame")
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def read(self):
        """The next message: (opcode, payload). Pings are answered."""
        while True:
            first, second = self.exactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self.exactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self.exactly(8))
            payload = self.exactly(size)
            opcode = first & 0x0F
            if opcode == 9:
                self.write(10, payload)
            elif opcode == 8:
                raise Closed(struct.unpack("!H", payload[:2])[0], payload[2:].decode())
            elif opcode in (1, 2):
                if not first & 0x80:
                    raise ValueError("the gateway sent a fragment")
                return opcode, payload


class Proto(Socket):
    def __init__(self):
        super().__init__("sluice.v1.proto")

    def send(self, **frame):
        self.write(2, session.ClientFrame(**frame).SerializeToString())

    def next(self):
        opcode, payload = self.read()
        assert opcode == 2, "a binary message"
        frame = session.ServerFrame.FromString(payload)
        name = frame.WhichOneof("frame")
        return name, getattr(frame, name)


def until_end(client, call):
    seen = []
    while True:
        name, value = client.next()
        if value.id != call:
            continue
        seen.append((name, value))
        if name == "end":
            return seen


def names(seen):
    return [name for name, _ in seen]


client = Proto()
client.send(open=session.Open(id=1, method=SERVICE + "GetStockQuote", credit=1))
client.send(message=session.Message(id=1, data=pb.StockQuoteRequest(symbol="AAPL").SerializeToString()))
seen = until_end(client, 1)
check("unary: the order of frames", names(seen) == ["opened", "headers", "message", "end"], names(seen))
check("unary: opened grants one message", seen[0][1].credit == 1, seen[0][1])
check("unary: the answer", pb.StockPrice.FromString(seen[2][1].data).symbol == "AAPL", seen[2][1])
check("unary: OK", seen[-1][1].status.code == 0, seen[-1][1])

client.send(open=session.Open(id=2, method=SERVICE + "GetStockQuote", credit=1))
client.send(half_close=session.HalfClose(id=2))
seen = until_end(client, 2)
check("an empty message is refused by the service", seen[-1][1].status.code == 3, seen[-1][1])

client.send(open=session.Open(id=3, method=SERVICE + "CollectSensorData", credit=1))
name, opened = client.next()
check("client stream: sixteen at first", (name, opened.credit) == ("opened", 16), opened)
credit, sent = opened.credit, 0
while sent < 200:
    while credit == 0:
        name, value = client.next()
        if name == "credit":
            credit += value.messages
    reading = pb.SensorData(sensor_id="a", temperature=sent)
    client.send(message=session.Message(id=3, data=reading.SerializeToString()))
    sent, credit = sent + 1, credit - 1
client.send(half_close=session.HalfClose(id=3))
seen = until_end(client, 3)
answers = [value for name, value in seen if name == "message"]
summary = pb.SensorSummary.FromString(answers[0].data)
check("client stream: all of them came", (summary.total_readings, summary.avg_temperature) == (200, 99.5), summary)

client.send(open=session.Open(id=4, method=SERVICE + "GetDataStream", credit=3, cursor="41"))
client.send(message=session.Message(id=4, data=b""))
got = []
while len(got) < 3:
    name, value = client.next()
    if name == "message":
        got.append((pb.StreamData.FromString(value.data).id, value.cursor))
check("cursors: the stream goes on after the one that was given", got == [(42, "42"), (43, "43"), (44, "44")], got)
client.send(ping=session.Ping(token="between"))
name, value = client.next()
check("no credit, no message; the socket is free", (name, value.token) == ("pong", "between"), name)
client.send(credit=session.Credit(id=4, messages=2))
got = [client.next() for _ in range(2)]
check("two more for two more", [value.cursor for _, value in got] == ["45", "46"], got)
client.send(cancel=session.Cancel(id=4))
seen = until_end(client, 4)
check("cancel", names(seen) == ["end"] and seen[0][1].status.code == 1, seen)

client.send(open=session.Open(id=5, method=SERVICE + "Chat", credit=100, metadata={"x-request-id": "python"}))
for index in range(5):
    chat = pb.ChatMessage(user_id="py", room_id="session", message=f"hi {index}")
    client.send(message=session.Message(id=5, data=chat.SerializeToString()))
texts = []
while "hi 4" not in texts:
    name, value = client.next()
    if name == "message":
        texts.append(pb.ChatMessage.FromString(value.data).message)
check("bidi: in order", [text for text in texts if text.startswith("hi")] == [f"hi {i}" for i in range(5)], texts)
client.send(open=session.Open(id=6, method="no.Such/Method"))
seen = until_end(client, 6)
check("an unknown method has no opened", names(seen) == ["end"] and seen[0][1].status.code == 12, seen)
client.write(2, session.ClientFrame(half_close=session.HalfClose(id=5)).SerializeToString()[:2], fin=False)
client.write(0, session.ClientFrame(half_close=session.HalfClose(id=5)).SerializeToString()[2:])
seen = until_end(client, 5)
check("half-close, in two fragments", seen[-1][1].status.code == 0, seen[-1])
client.send(open=session.Open(id=5, method="x"))
try:
    client.next()
    check("an id used before closes", False)
except Closed as closed:
    check("an id used before closes with 4400", closed.args[0] == 4400 and "used before" in closed.args[1], closed)

client = Socket("sluice.v1.json")


def say(frame):
    client.write(1, json.dumps(frame).encode())


def hear():
    opcode, payload = client.read()
    assert opcode == 1, "a text message"
    ((name, value),) = json.loads(payload).items()
    return name, value


say({"open": {"id": 9, "method": SERVICE + "GetStockPrices", "credit": 2}})
say({"message": {"id": 9, "data": {"symbols": ["AAPL", "MSFT"], "intervalSeconds": 1}}})
seen = []
while len([1 for name, _ in seen if name == "message"]) < 2:
    seen.append(hear())
check("JSON: opened comes first", seen[0] == ("opened", {"id": 9, "credit": 1}), seen[0])
check("JSON: data is JSON", {value["data"]["symbol"] for name, value in seen if name == "message"} <= {"AAPL", "MSFT"}, seen)
say({"cancel": {"id": 9}})
name, value = hear()
origin = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "CANCELLED", "domain": "sluice"}
check(
    "JSON: every field of the end is there",
    name == "end" and value["status"]["code"] == 1 and value["status"]["details"] == [origin]
    and value["trailers"] == {} and value["truncated"] is False,
    value,
)
client.write(2, b"{}")
try:
    hear()
    check("binary on the JSON sub-protocol closes", False)
except Closed as closed:
    check("binary on the JSON sub-protocol closes with 4400", closed.args[0] == 4400, closed)
