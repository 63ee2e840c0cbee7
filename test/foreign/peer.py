"""A gRPC server that is not ours, for the tests in this folder: Python's grpcio, generic handlers.

usage: peer.py GENERATED_DIR

The messages come from `protoc --python_out=GENERATED_DIR`. Prints one JSON object a line: first
{"event": "listening", "port": N}, then what its calls saw. A line on its standard input ends the rests of calls; its end ends it.
"""
import json
import sys
import threading
import time
from concurrent import futures

sys.path.insert(0, sys.argv[1])

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, empty_pb2
import bare_pb2
from foreign.v1 import peer_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection_v1alpha import reflection_pb2
from legacy import legacy_pb2

output = threading.Lock()


def tell(event, **fields):
    with output:
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()


def status_of(code):
    return next(status for status in grpc.StatusCode if status.value[0] == code)


def end_with_failure(request, context):
    if request.crash:
        raise RuntimeError("a secret of the service")
    if request.code == 0:
        return
    trailers = [("x-trailer", "t"), ("x-trailer-bin", b"\x00\xff")]
    details = []
    if request.retry_seconds:
        retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=request.retry_seconds))
        details.append(pack(retry))
    if request.details:
        bad = error_details_pb2.BadRequest()
        bad.field_violations.add(field="text", description="too long")
        details.append(pack(bad))
        details.append(pack(peer_pb2.Item(number=7)))
        details.append(any_pb2.Any(type_url="type.googleapis.com/nobody.Knows", value=b"\x01\x02"))
    if details:
        status = status_pb2.Status(code=request.code, message=request.message, details=details)
        trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    context.set_trailing_metadata(trailers)
    context.abort(status_of(request.code), request.message)


def pack(message):
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def echo(request, context):
    return request


def fail(request, context):
    if request.headers_first:
        context.send_initial_metadata([("x-early", "1")])
    end_with_failure(request, context)
    return peer_pb2.Item()


def fail_stream(request, context):
    if request.headers_first:
        context.send_initial_metadata([("x-early", "1"), ("x-early-bin", b"\x01\x02\x03")])
    for number in range(request.after):
        yield peer_pb2.Item(number=number)
    end_with_failure(request, context)
    context.set_trailing_metadata([("x-trailer", "a"), ("x-trailer", "b"), ("x-trailer-bin", b"\x00\xff")])


def written(make):
    """Runs a generator and tells what it has written, whether it ended by itself or was cancelled."""

    def count(request, context):
        state = {"written": 0}
        context.add_callback(
            lambda: tell("ended", name=request.name, written=state["written"], cancelled=context.code() is None)
        )
        for number in range(request.count):
            if not context.is_active():
                return
            state["written"] = number + 1
            progress[request.name] = number + 1
            yield make(number, request)
            if request.pause_ms:
                time.sleep(request.pause_ms / 1000)

    return count


progress = {}
rested = threading.Event()


def broken(request):
    if request.name == "garbage":
        return b"\xff\xff\xff"
    if request.name == "utf8":
        return b"\x0a\x02\xff\xfe"
    message = peer_pb2.Everything()
    if request.name == "any":
        message.any.type_url = "type.googleapis.com/nobody.Knows"
        message.any.value = b"\x01"
    elif request.name == "any-garbage":
        message.any.type_url = "type.googleapis.com/foreign.v1.Item"
        message.any.value = b"\xff"
    elif request.name == "timestamp":
        message.timestamp.seconds = 10**15
    elif request.name == "duration":
        message.duration.seconds = 1
        message.duration.nanos = -1
    elif request.name == "value":
        message.value.number_value = float("nan")
    elif request.name == "empty-value":
        message.value.SetInParent()
    elif request.name == "mask":
        message.mask.paths.append("Not_Round__trip")
    elif request.name == "enum":
        message.colour = 99
    elif request.name == "deep":
        nested = message.nested
        for _ in range(request.size):
            nested = nested.child
        nested.number = 1
    elif request.name == "big":
        message.raw = b"x" * request.size
    return message.SerializeToString()


def broken_stream(request, context):
    for _ in range(request.count):
        yield peer_pb2.Everything(text="sound").SerializeToString()
    yield broken(request)
    yield peer_pb2.Everything(text="after").SerializeToString()


def item(number, request):
    return peer_pb2.Item(number=number, data=b"x" * request.size)


def piece(number, request):
    return peer_pb2.Piece(chunk=bytes([number % 256]) * request.size)


def wait_for_end(request, context):
    ended = threading.Event()
    if not context.add_callback(ended.set):
        ended.set()
    tell("hanging", name=request.name)
    ended.wait()
    tell("ended", name=request.name)


def hang(request, context):
    for number in range(request.count):
        yield peer_pb2.Item(number=number)
    wait_for_end(request, context)


def hang_unary(request, context):
    wait_for_end(request, context)
    return peer_pb2.Item()


def whole(context, name):
    """Python's request iterator ends the same way for a half-close and for a cancelled call: the call itself
    tells them apart, a moment later. On a machine that stands still that moment is long, so a call that is to break
    ("part-...") gets all the time it may need."""
    ended = threading.Event()
    return context.add_callback(ended.set) and not ended.wait(60 if name.startswith("part-") else 0.5)


def total(requests, context):
    state = {"read": 0}
    number = 0
    name = ""
    try:
        for request in requests:
            state["read"] += 1
            name = request.name or name
            number += request.number
            progress[name] = state["read"]
            if request.rest_ms:
                rested.wait(request.rest_ms / 1000)
    except Exception:
        tell("broken", name=name, read=state["read"])
        raise
    tell("whole" if whole(context, name) else "broken", name=name, read=state["read"])
    return peer_pb2.Item(number=number, name=name)


def talk(requests, context):
    name = ""
    try:
        for request in requests:
            name = request.name or name
            yield peer_pb2.Item(number=request.number * 2, name=request.name, data=request.data)
    except Exception:
        tell("broken", name=name)
        raise
    tell("whole" if whole(context, name) else "broken", name=name)


def metadata_of(request, context):
    seen = peer_pb2.MetadataSeen()
    for key, value in context.invocation_metadata():
        if key.endswith("-bin"):
            seen.binary[key] = value
        else:
            seen.text[key] = value
    left = context.time_remaining()
    if left is not None and left < 10**8:
        seen.left.FromNanoseconds(int(left * 1e9))
    context.send_initial_metadata([("x-initial", "i"), ("x-initial-bin", b"\xfe\xff")])
    context.set_trailing_metadata([("x-last", "l"), ("x-last-bin", b"\x00")])
    return seen


def take_bytes(requests, context):
    size = 0
    path = ""
    try:
        for request in requests:
            size += len(request.chunk)
            path = request.path or path
            progress[path] = progress.get(path, 0) + 1
    except Exception:
        tell("broken", name=path, bytes=size)
        raise
    tell("whole" if whole(context, path) else "broken", name=path, bytes=size)
    return peer_pb2.Item(number=size, name=path)


def progress_of(request, context):
    return peer_pb2.Item(number=progress.get(request.word, 0))


pool = descriptor_pool.Default()


def reflect(requests, context):
    """grpc.reflection.v1alpha only, as old services have it."""
    for request in requests:
        response = reflection_pb2.ServerReflectionResponse(original_request=request)
        kind = request.WhichOneof("message_request")
        try:
            if kind == "list_services":
                for name in ("foreign.v1.Peer", "foreign.v1.Legacy", "legacy.Legacy", "Bare"):
                    response.list_services_response.service.add(name=name)
            else:
                if kind == "file_by_filename":
                    file = pool.FindFileByName(request.file_by_filename)
                else:
                    file = pool.FindFileContainingSymbol(request.file_containing_symbol)
                response.file_descriptor_response.file_descriptor_proto.append(file.serialized_pb)
        except KeyError as error:
            response.error_response.error_code = 5
            response.error_response.error_message = str(error)
        yield response


def unary(handler, request, response):
    return grpc.unary_unary_rpc_method_handler(handler, request.FromString, response.SerializeToString)


def down(handler, request, response):
    return grpc.unary_stream_rpc_method_handler(handler, request.FromString, response.SerializeToString)


def up(handler, request, response):
    return grpc.stream_unary_rpc_method_handler(handler, request.FromString, response.SerializeToString)


def both(handler, request, response):
    return grpc.stream_stream_rpc_method_handler(handler, request.FromString, response.SerializeToString)


p = peer_pb2
services = {
    "foreign.v1.Peer": {
        "Echo": unary(echo, p.Everything, p.Everything),
        "Fail": unary(fail, p.FailRequest, p.Item),
        "FailStream": down(fail_stream, p.FailRequest, p.Item),
        "Count": down(written(item), p.CountRequest, p.Item),
        "Hang": down(hang, p.CountRequest, p.Item),
        "HangUnary": unary(hang_unary, p.CountRequest, p.Item),
        "Sum": up(total, p.Item, p.Item),
        "Talk": both(talk, p.Item, p.Item),
        "metadata_OF": unary(metadata_of, empty_pb2.Empty, p.MetadataSeen),
        "Bytes": down(written(piece), p.CountRequest, p.Piece),
        "TakeBytes": up(take_bytes, p.Piece, p.Item),
        "Broken": grpc.unary_unary_rpc_method_handler(
            lambda request, context: broken(request), p.CountRequest.FromString, None
        ),
        "BrokenStream": grpc.unary_stream_rpc_method_handler(broken_stream, p.CountRequest.FromString, None),
        "Old": unary(echo, legacy_pb2.Record, legacy_pb2.Record),
        "Progress": unary(progress_of, p.NameOf, p.Item),
    },
    "foreign.v1.Legacy": {"Echo": unary(echo, p.Item, p.Item)},
    "legacy.Legacy": {"Echo": unary(echo, legacy_pb2.Record, legacy_pb2.Record)},
    "Bare": {"say": unary(echo, bare_pb2.Word, bare_pb2.Word)},
    "grpc.reflection.v1alpha.ServerReflection": {
        "ServerReflectionInfo": both(
            reflect, reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse
        )
    },
}

server = grpc.server(
    futures.ThreadPoolExecutor(max_workers=80), options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
)
for name, methods in services.items():
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
port = server.add_insecure_port("127.0.0.1:" + (sys.argv[2] if len(sys.argv) > 2 else "0"))
server.start()
tell("listening", port=port)
for _ in sys.stdin:
    rested.set()
rested.set()
server.stop(0)
