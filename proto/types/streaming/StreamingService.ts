// Original file: proto/streaming.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BatchItem as _streaming_BatchItem, BatchItem__Output as _streaming_BatchItem__Output } from '../streaming/BatchItem.js';
import type { BatchResult as _streaming_BatchResult, BatchResult__Output as _streaming_BatchResult__Output } from '../streaming/BatchResult.js';
import type { ChatMessage as _streaming_ChatMessage, ChatMessage__Output as _streaming_ChatMessage__Output } from '../streaming/ChatMessage.js';
import type { DocumentUpdate as _streaming_DocumentUpdate, DocumentUpdate__Output as _streaming_DocumentUpdate__Output } from '../streaming/DocumentUpdate.js';
import type { EditOperation as _streaming_EditOperation, EditOperation__Output as _streaming_EditOperation__Output } from '../streaming/EditOperation.js';
import type { FileChunk as _streaming_FileChunk, FileChunk__Output as _streaming_FileChunk__Output } from '../streaming/FileChunk.js';
import type { FileRequest as _streaming_FileRequest, FileRequest__Output as _streaming_FileRequest__Output } from '../streaming/FileRequest.js';
import type { GameAction as _streaming_GameAction, GameAction__Output as _streaming_GameAction__Output } from '../streaming/GameAction.js';
import type { GameState as _streaming_GameState, GameState__Output as _streaming_GameState__Output } from '../streaming/GameState.js';
import type { LogEntry as _streaming_LogEntry, LogEntry__Output as _streaming_LogEntry__Output } from '../streaming/LogEntry.js';
import type { LogRequest as _streaming_LogRequest, LogRequest__Output as _streaming_LogRequest__Output } from '../streaming/LogRequest.js';
import type { SensorData as _streaming_SensorData, SensorData__Output as _streaming_SensorData__Output } from '../streaming/SensorData.js';
import type { SensorSummary as _streaming_SensorSummary, SensorSummary__Output as _streaming_SensorSummary__Output } from '../streaming/SensorSummary.js';
import type { StockPrice as _streaming_StockPrice, StockPrice__Output as _streaming_StockPrice__Output } from '../streaming/StockPrice.js';
import type { StockQuoteRequest as _streaming_StockQuoteRequest, StockQuoteRequest__Output as _streaming_StockQuoteRequest__Output } from '../streaming/StockQuoteRequest.js';
import type { StockRequest as _streaming_StockRequest, StockRequest__Output as _streaming_StockRequest__Output } from '../streaming/StockRequest.js';
import type { StreamData as _streaming_StreamData, StreamData__Output as _streaming_StreamData__Output } from '../streaming/StreamData.js';
import type { StreamRequest as _streaming_StreamRequest, StreamRequest__Output as _streaming_StreamRequest__Output } from '../streaming/StreamRequest.js';
import type { UploadResult as _streaming_UploadResult, UploadResult__Output as _streaming_UploadResult__Output } from '../streaming/UploadResult.js';

export interface StreamingServiceClient extends grpc.Client {
  BufferedStream(argument: _streaming_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  BufferedStream(argument: _streaming_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  bufferedStream(argument: _streaming_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  bufferedStream(argument: _streaming_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  
  Chat(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_ChatMessage, _streaming_ChatMessage__Output>;
  Chat(options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_ChatMessage, _streaming_ChatMessage__Output>;
  chat(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_ChatMessage, _streaming_ChatMessage__Output>;
  chat(options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_ChatMessage, _streaming_ChatMessage__Output>;
  
  CollaborativeEdit(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_EditOperation, _streaming_DocumentUpdate__Output>;
  CollaborativeEdit(options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_EditOperation, _streaming_DocumentUpdate__Output>;
  collaborativeEdit(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_EditOperation, _streaming_DocumentUpdate__Output>;
  collaborativeEdit(options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_EditOperation, _streaming_DocumentUpdate__Output>;
  
  CollectSensorData(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  CollectSensorData(metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  CollectSensorData(options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  CollectSensorData(callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  collectSensorData(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  collectSensorData(metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  collectSensorData(options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  collectSensorData(callback: grpc.requestCallback<_streaming_SensorSummary__Output>): grpc.ClientWritableStream<_streaming_SensorData>;
  
  ControlledStream(argument: _streaming_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  ControlledStream(argument: _streaming_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  controlledStream(argument: _streaming_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  controlledStream(argument: _streaming_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  
  DownloadFile(argument: _streaming_FileRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_FileChunk__Output>;
  DownloadFile(argument: _streaming_FileRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_FileChunk__Output>;
  downloadFile(argument: _streaming_FileRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_FileChunk__Output>;
  downloadFile(argument: _streaming_FileRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_FileChunk__Output>;
  
  GameSession(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_GameAction, _streaming_GameState__Output>;
  GameSession(options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_GameAction, _streaming_GameState__Output>;
  gameSession(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_GameAction, _streaming_GameState__Output>;
  gameSession(options?: grpc.CallOptions): grpc.ClientDuplexStream<_streaming_GameAction, _streaming_GameState__Output>;
  
  GetDataStream(argument: _streaming_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  GetDataStream(argument: _streaming_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  getDataStream(argument: _streaming_StreamRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  getDataStream(argument: _streaming_StreamRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StreamData__Output>;
  
  GetStockPrices(argument: _streaming_StockRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StockPrice__Output>;
  GetStockPrices(argument: _streaming_StockRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StockPrice__Output>;
  getStockPrices(argument: _streaming_StockRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StockPrice__Output>;
  getStockPrices(argument: _streaming_StockRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_StockPrice__Output>;
  
  GetStockQuote(argument: _streaming_StockQuoteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  GetStockQuote(argument: _streaming_StockQuoteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  GetStockQuote(argument: _streaming_StockQuoteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  GetStockQuote(argument: _streaming_StockQuoteRequest, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  getStockQuote(argument: _streaming_StockQuoteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  getStockQuote(argument: _streaming_StockQuoteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  getStockQuote(argument: _streaming_StockQuoteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  getStockQuote(argument: _streaming_StockQuoteRequest, callback: grpc.requestCallback<_streaming_StockPrice__Output>): grpc.ClientUnaryCall;
  
  ProcessBatch(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  ProcessBatch(metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  ProcessBatch(options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  ProcessBatch(callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  processBatch(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  processBatch(metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  processBatch(options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  processBatch(callback: grpc.requestCallback<_streaming_BatchResult__Output>): grpc.ClientWritableStream<_streaming_BatchItem>;
  
  StreamLogs(argument: _streaming_LogRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_LogEntry__Output>;
  StreamLogs(argument: _streaming_LogRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_LogEntry__Output>;
  streamLogs(argument: _streaming_LogRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_LogEntry__Output>;
  streamLogs(argument: _streaming_LogRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_streaming_LogEntry__Output>;
  
  UploadFile(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  UploadFile(metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  UploadFile(options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  UploadFile(callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  uploadFile(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  uploadFile(metadata: grpc.Metadata, callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  uploadFile(options: grpc.CallOptions, callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  uploadFile(callback: grpc.requestCallback<_streaming_UploadResult__Output>): grpc.ClientWritableStream<_streaming_FileChunk>;
  
}

export interface StreamingServiceHandlers extends grpc.UntypedServiceImplementation {
  BufferedStream: grpc.handleServerStreamingCall<_streaming_StreamRequest__Output, _streaming_StreamData>;
  
  Chat: grpc.handleBidiStreamingCall<_streaming_ChatMessage__Output, _streaming_ChatMessage>;
  
  CollaborativeEdit: grpc.handleBidiStreamingCall<_streaming_EditOperation__Output, _streaming_DocumentUpdate>;
  
  CollectSensorData: grpc.handleClientStreamingCall<_streaming_SensorData__Output, _streaming_SensorSummary>;
  
  ControlledStream: grpc.handleServerStreamingCall<_streaming_StreamRequest__Output, _streaming_StreamData>;
  
  DownloadFile: grpc.handleServerStreamingCall<_streaming_FileRequest__Output, _streaming_FileChunk>;
  
  GameSession: grpc.handleBidiStreamingCall<_streaming_GameAction__Output, _streaming_GameState>;
  
  GetDataStream: grpc.handleServerStreamingCall<_streaming_StreamRequest__Output, _streaming_StreamData>;
  
  GetStockPrices: grpc.handleServerStreamingCall<_streaming_StockRequest__Output, _streaming_StockPrice>;
  
  GetStockQuote: grpc.handleUnaryCall<_streaming_StockQuoteRequest__Output, _streaming_StockPrice>;
  
  ProcessBatch: grpc.handleClientStreamingCall<_streaming_BatchItem__Output, _streaming_BatchResult>;
  
  StreamLogs: grpc.handleServerStreamingCall<_streaming_LogRequest__Output, _streaming_LogEntry>;
  
  UploadFile: grpc.handleClientStreamingCall<_streaming_FileChunk__Output, _streaming_UploadResult>;
  
}

export interface StreamingServiceDefinition extends grpc.ServiceDefinition {
  BufferedStream: MethodDefinition<_streaming_StreamRequest, _streaming_StreamData, _streaming_StreamRequest__Output, _streaming_StreamData__Output>
  Chat: MethodDefinition<_streaming_ChatMessage, _streaming_ChatMessage, _streaming_ChatMessage__Output, _streaming_ChatMessage__Output>
  CollaborativeEdit: MethodDefinition<_streaming_EditOperation, _streaming_DocumentUpdate, _streaming_EditOperation__Output, _streaming_DocumentUpdate__Output>
  CollectSensorData: MethodDefinition<_streaming_SensorData, _streaming_SensorSummary, _streaming_SensorData__Output, _streaming_SensorSummary__Output>
  ControlledStream: MethodDefinition<_streaming_StreamRequest, _streaming_StreamData, _streaming_StreamRequest__Output, _streaming_StreamData__Output>
  DownloadFile: MethodDefinition<_streaming_FileRequest, _streaming_FileChunk, _streaming_FileRequest__Output, _streaming_FileChunk__Output>
  GameSession: MethodDefinition<_streaming_GameAction, _streaming_GameState, _streaming_GameAction__Output, _streaming_GameState__Output>
  GetDataStream: MethodDefinition<_streaming_StreamRequest, _streaming_StreamData, _streaming_StreamRequest__Output, _streaming_StreamData__Output>
  GetStockPrices: MethodDefinition<_streaming_StockRequest, _streaming_StockPrice, _streaming_StockRequest__Output, _streaming_StockPrice__Output>
  GetStockQuote: MethodDefinition<_streaming_StockQuoteRequest, _streaming_StockPrice, _streaming_StockQuoteRequest__Output, _streaming_StockPrice__Output>
  ProcessBatch: MethodDefinition<_streaming_BatchItem, _streaming_BatchResult, _streaming_BatchItem__Output, _streaming_BatchResult__Output>
  StreamLogs: MethodDefinition<_streaming_LogRequest, _streaming_LogEntry, _streaming_LogRequest__Output, _streaming_LogEntry__Output>
  UploadFile: MethodDefinition<_streaming_FileChunk, _streaming_UploadResult, _streaming_FileChunk__Output, _streaming_UploadResult__Output>
}
