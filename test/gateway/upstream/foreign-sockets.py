"""A service of grpcio that answers with its own name, at the targets of the command line. Ends with its standard input."""
import sys
from concurrent import futures

import grpc


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b"python")


server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers((Handler(),))
for target in sys.argv[1:]:
    server.add_insecure_port(target)
server.start()
print("ready", flush=True)
sys.stdin.read()
server.stop(0)
