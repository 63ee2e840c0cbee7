"""A native client that is not ours against the core: Python's grpcio, messages by protoc.

usage: core_client.py GENERATED_DIR HOST:PORT

Prints one JSON object a line: {"check": what is promised, "ok": true or false, "got": what came}.
"""
import itertools
import json
import os
import sys
import threading

sys.path.insert(0, sys.argv[1])

import grpc
import streaming_pb2 as pb

channel = grpc.insecure_channel(sys.argv[2])
SERVICE = "/streaming.StreamingService/"
LIMIT = 100  # seconds a call may take


def unary(name, request, response):
    return channel.unary_unary(SERVICE + name, request.SerializeToString, response.FromString)


def down(name, request, response):
    return channel.unary_stream(SERVICE + name, request.SerializeToString, response.FromString)


def up(name, request, response):
    return channel.stream_unary(SERVICE + name, request.SerializeToString, response.FromString)


def both(name, request, response):
    return channel.stream_stream(SERVICE + name, request.SerializeToString, response.FromString)


quote = unary("GetStockQuote", pb.StockQuoteRequest, pb.StockPrice)
prices = down("GetStockPrices", pb.StockRequest, pb.StockPrice)
logs = down("StreamLogs", pb.LogRequest, pb.LogEntry)
download = down("DownloadFile", pb.FileRequest, pb.FileChunk)
upload = up("UploadFile", pb.FileChunk, pb.UploadResult)
readings = up("CollectSensorData", pb.SensorData, pb.SensorSummary)
batch = up("ProcessBatch", pb.BatchItem, pb.BatchResult)
chat = both("Chat", pb.ChatMessage, pb.ChatMessage)
game = both("GameSession", pb.GameAction, pb.GameState)
edit = both("CollaborativeEdit", pb.EditOperation, pb.DocumentUpdate)
data = down("GetDataStream", pb.StreamRequest, pb.StreamData)
controlled = down("ControlledStream", pb.StreamRequest, pb.StreamData)
buffered = down("BufferedStream", pb.StreamRequest, pb.StreamData)


def check(promise, ok, got=None):
    print(json.dumps({"check": promise, "ok": bool(ok), "got": repr(got)}), flush=True)


def take(call, count):
    got = list(itertools.islice(call, count))
    call.cancel()
    return got


class Open:
    """A conversation: what is sent, one after the other, and what comes back."""

    def __init__(self, method):
        self.sent = []
        self.ready = threading.Condition()
        self.over = False
        self.call = method(self.requests(), timeout=LIMIT)

    def requests(self):
        for index in itertools.count():
            with self.ready:
                self.ready.wait_for(lambda: len(self.sent) > index or self.over)
                if len(self.sent) <= index:
                    return
            yield self.sent[index]

    def ask(self, message):
        with self.ready:
            self.sent.append(message)
            self.ready.notify()
        return next(self.call)

    def end(self):
        with self.ready:
            self.over = True
            self.ready.notify()
        return list(self.call)


def refused(promise, code, field, call):
    try:
        got = call()
    except grpc.RpcError as error:
        check(promise, error.code() == code and field in error.details(), (error.code(), error.details()))
        return
    check(promise, False, got)


BAD = grpc.StatusCode.INVALID_ARGUMENT

two = take(prices(pb.StockRequest(symbols=["AAPL", "MSFT"]), timeout=LIMIT), 2)
check("prices of the symbols asked for", {price.symbol for price in two} == {"AAPL", "MSFT"}, two)
last = quote(pb.StockQuoteRequest(symbol="AAPL"))
check("the last price of one", last.symbol == "AAPL" and last.price > 0, last)
refused("a symbol that is not listed", grpc.StatusCode.NOT_FOUND, "symbol", lambda: quote(pb.StockQuoteRequest(symbol="no-such")))
refused("no symbols", BAD, "symbols", lambda: take(prices(pb.StockRequest()), 1))
refused("a negative interval", BAD, "interval_seconds", lambda: take(prices(pb.StockRequest(symbols=["A"], interval_seconds=-1)), 1))
check("the core's own logs", len(list(logs(pb.LogRequest(), timeout=LIMIT))) > 0)
refused("an unknown level", BAD, "level", lambda: take(logs(pb.LogRequest(level="LOUD")), 1))

content = os.urandom(200_000)
chunks = [pb.FileChunk(file_path="a/b.bin", data=content[:150_000]), pb.FileChunk(data=content[150_000:])]
stored = upload(iter(chunks), timeout=LIMIT)
check("an upload is stored whole", (stored.file_id, stored.total_bytes) == ("a/b.bin", len(content)), stored)
back = list(download(pb.FileRequest(file_path=stored.file_id, chunk_size=70_000), timeout=LIMIT))
check("and comes back", b"".join(chunk.data for chunk in back) == content)
check("in chunks, the last one empty", [len(chunk.data) for chunk in back] == [70_000, 70_000, 60_000, 0] and back[-1].is_last)
for path in ["../x", "/etc/passwd", "a/../../x", "a\0b", "", "."]:
    refused(f"the file {path!r}", BAD, "file_path", lambda: list(download(pb.FileRequest(file_path=path))))
refused("a negative chunk size", BAD, "chunk_size", lambda: list(download(pb.FileRequest(file_path="a/b.bin", chunk_size=-1))))

for number in range(20):
    started = threading.Event()
    left = threading.Event()

    def part():
        yield pb.FileChunk(file_path=f"cut/{number}", data=b"x" * (number * 10_000))
        started.set()
        left.wait(LIMIT)

    half = upload.future(part())
    started.wait(LIMIT)
    half.cancel()
    left.set()
for number in range(20):
    try:
        list(download(pb.FileRequest(file_path=f"cut/{number}"), timeout=LIMIT))
        check(f"a cut upload leaves nothing ({number})", False)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            check(f"a cut upload leaves nothing ({number})", False, error.code())
check("cut uploads leave nothing", True)

warm = [pb.SensorData(sensor_id="s", temperature=degrees) for degrees in (20, 22)]
summary = readings(iter(warm), timeout=LIMIT)
check("means of readings", (summary.total_readings, summary.avg_temperature) == (2, 21), summary)
check("no readings give zeros", readings(iter([]), timeout=LIMIT) == pb.SensorSummary())
refused("NaN", BAD, "temperature", lambda: readings(iter([pb.SensorData(sensor_id="s", temperature=float("nan"))])))
items = [pb.BatchItem(id="1", type="no-such"), pb.BatchItem(id="2", type="uppercase", data=b"a")]
done = batch(iter(items), timeout=LIMIT)
check("failed ids are the items that failed", (done.processed_count, list(done.failed_ids)) == (2, ["1"]), done)

ann = Open(chat)
check("one's own message", ann.ask(pb.ChatMessage(user_id="ann", room_id="r", message="hi")).message == "hi")
bob = Open(chat)
hello = bob.ask(pb.ChatMessage(user_id="bob", room_id="r", message="hello"))
check("history for who comes later", (hello.event, hello.message) == (pb.CHAT_EVENT_HISTORY, "hi"), hello)
joined = next(ann.call)
check("presence for who is there", (joined.event, joined.user_id) == (pb.CHAT_EVENT_JOINED, "bob"), joined)
check("and what bob said", next(ann.call).message == "hello")
bob.end()
ann.end()
refused("a message to no room", BAD, "room_id", lambda: take(chat(iter([pb.ChatMessage(user_id="u")])), 1))

player = Open(game)
state = player.ask(pb.GameAction(player_id="p", action_type="JOIN"))
state = player.ask(pb.GameAction(player_id="p", action_type="ATTACK"))
check("an attack scores", state.players["p"].score == 10 and state.game_status == "ONGOING", state)
player.end()
refused("an unknown action", BAD, "action_type", lambda: take(game(iter([pb.GameAction(player_id="p", action_type="FLY")])), 1))

first = Open(edit)
first.ask(pb.EditOperation(user_id="a", document_id="d", operation_type="INSERT", content="xy"))
check("an edit", next(first.call).content == "xy")
second = Open(edit)
second.ask(pb.EditOperation(user_id="b", document_id="d", operation_type="INSERT", content="0", position=0, base_revision=1))
check("comes to every editor", next(first.call).content == "0xy")
late = first.ask(pb.EditOperation(user_id="a", document_id="d", operation_type="INSERT", content="9", position=2, base_revision=1))
check("an edit of an older revision is moved", late.content == "0xy9", late)
first.end()
second.end()

ids = [item.id for item in take(data(pb.StreamRequest(start_from_id=500), timeout=LIMIT), 50)]
check("the data stream resumes without a gap", ids == list(range(501, 551)), ids)
same = [take(data(pb.StreamRequest(start_from_id=10), timeout=LIMIT), 5) for _ in range(2)]
check("and says the same again", same[0] == same[1])
refused("a negative id", BAD, "start_from_id", lambda: take(data(pb.StreamRequest(start_from_id=-1)), 1))
hundred = [item.id for item in controlled(pb.StreamRequest(start_from_id=100), timeout=LIMIT)]
check("a hundred controlled items", hundred == list(range(101, 201)), hundred)
many = [item.id for item in take(buffered(pb.StreamRequest(), timeout=LIMIT), 150)]
check("buffered items in order", many == list(range(1, 151)), many)

refused("an unknown method", grpc.StatusCode.UNIMPLEMENTED, "", lambda: channel.unary_unary(SERVICE + "Nope")(b""))
refused(
    "a deadline",
    grpc.StatusCode.DEADLINE_EXCEEDED,
    "",
    lambda: list(prices(pb.StockRequest(symbols=["A"], interval_seconds=60), timeout=0.3)),
)
channel.close()
