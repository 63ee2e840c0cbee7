"""A gRPC service in another language, on bytes: what it does is in the method's name. Prints its port."""

import sys
import time
from concurrent import futures

import grpc


def echo(requests, context):
    context.send_initial_metadata((("x-head", "h"), ("x-head-bin", b"\x00\xff")))
    context.set_trailing_metadata((("x-trail", "t"),))
    for request in requests:
        yield request


def down(requests, context):
    count = int(next(requests))
    for number in range(count):
        yield b"%d " % number + b"x" * (number % 50)


def large(requests, context):
    yield b"y" * int(next(requests))


def fail(requests, context):
    for number in range(int(next(requests))):
        yield b"%d" % number
    context.set_trailing_metadata((("x-trail", "t"),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "n\u00e4h % %23 # ok\n")


def metadata(requests, context):
    for key, value in context.invocation_metadata():
        if key.startswith("x-"):
            yield key.encode() + b"=" + (value if isinstance(value, bytes) else value.encode())


def silent(requests, context):
    context.send_initial_metadata(())
    while context.is_active():
        time.sleep(0.02)
    yield b""


def zipped(requests, context):
    context.set_compression(grpc.Compression.Gzip)
    for number in range(100):
        yield b"%d " % number + b"z" * 1000


def crash(requests, context):
    raise ValueError("secret")
    yield b""


class Service(grpc.GenericRpcHandler):
    handlers = {
        f"/test.Foreign/{function.__name__}": grpc.stream_stream_rpc_method_handler(function)
        for function in (echo, down, large, fail, metadata, silent, zipped, crash)
    }

    def service(self, details):
        return self.handlers.get(details.method)


server = grpc.server(
    futures.ThreadPoolExecutor(max_workers=20),
    options=(("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)),
)
server.add_generic_rpc_handlers((Service(),))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(0)
