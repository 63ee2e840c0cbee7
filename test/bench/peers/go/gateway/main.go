// gateway UPSTREAM_PORT: grpc-gateway v1 as its documentation shows it, in front of one service. Its streams are lines
// of JSON, each wrapped in {"result": ...}; it has no event streams, so `Accept: text/event-stream` gets a
// marshaler of ours, which is the way it offers. It logs nothing and has no limits.
package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"sluicebench/limit"
	"sluicebench/stocks"

	"github.com/golang/protobuf/proto"
	"github.com/grpc-ecosystem/grpc-gateway/runtime"
	"google.golang.org/grpc"
)

// events writes a message of a stream as one event. grpc-gateway writes the delimiter and flushes behind each.
type events struct{ runtime.JSONPb }

func (events) ContentType() string { return "text/event-stream" }
func (events) Delimiter() []byte   { return []byte("\n\n") }

func (e *events) Marshal(v interface{}) ([]byte, error) {
	if chunk, ok := v.(map[string]proto.Message); ok && chunk["result"] != nil {
		v = chunk["result"]
	}
	json, err := e.JSONPb.Marshal(v)
	return bytes.Join([][]byte{[]byte("data: "), json}, nil), err
}

func main() {
	limit.Start()
	mux := runtime.NewServeMux(
		// The names of ProtoJSON: v1 has those of the .proto by default.
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{}),
		runtime.WithMarshalerOption("text/event-stream", &events{}),
	)
	upstream := "127.0.0.1:" + os.Args[1]
	options := []grpc.DialOption{grpc.WithInsecure()}
	if err := stocks.RegisterStreamingServiceHandlerFromEndpoint(context.Background(), mux, upstream, options); err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, mux))
}
