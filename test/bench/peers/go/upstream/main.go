// upstream ROLE SAMPLES: a grpc-go server as anybody writes one; it makes each message anew. SAMPLES is a file of
// protobuf messages, each behind its length in four bytes.
//
//	quote   GetStockQuote: the first StockPrice; GetStockPrices as fast as it goes
//	paced   GetStockPrices: one every 10 ms and stream
//	upload  UploadFile: counts and drops
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"os"
	"time"

	"sluicebench/limit"
	"sluicebench/stocks"

	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
)

const pace = 10 * time.Millisecond

type service struct {
	stocks.UnimplementedStreamingServiceServer
	samples []*stocks.StockPrice
	paced   bool
}

func (s *service) GetStockQuote(context.Context, *stocks.StockQuoteRequest) (*stocks.StockPrice, error) {
	return s.samples[0], nil
}

func (s *service) GetStockPrices(request *stocks.StockRequest, stream stocks.StreamingService_GetStockPricesServer) error {
	for sent := 0; sent < int(request.IntervalSeconds); sent++ {
		if s.paced {
			select {
			case <-stream.Context().Done():
				return stream.Context().Err()
			case <-time.After(pace):
			}
		}
		if err := stream.Send(s.samples[sent%len(s.samples)]); err != nil {
			return err
		}
	}
	return nil
}

func (s *service) UploadFile(stream stocks.StreamingService_UploadFileServer) error {
	result := &stocks.UploadResult{FileId: "bench"}
	for {
		chunk, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(result)
		}
		if err != nil {
			return err
		}
		result.TotalBytes += int64(len(chunk.Data))
	}
}

func read(file string) []*stocks.StockPrice {
	bytes, err := ioutil.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var samples []*stocks.StockPrice
	for at := 0; at < len(bytes); {
		end := at + 4 + int(binary.BigEndian.Uint32(bytes[at:]))
		sample := &stocks.StockPrice{}
		if err := proto.Unmarshal(bytes[at+4:end], sample); err != nil {
			panic(err)
		}
		samples = append(samples, sample)
		at = end
	}
	return samples
}

func main() {
	limit.Start()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	stocks.RegisterStreamingServiceServer(server, &service{samples: read(os.Args[2]), paced: os.Args[1] == "paced"})
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	panic(server.Serve(listener))
}
