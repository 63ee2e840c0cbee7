import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { CustomHttpPattern as _google_api_CustomHttpPattern, CustomHttpPattern__Output as _google_api_CustomHttpPattern__Output } from './google/api/CustomHttpPattern.js';
import type { Http as _google_api_Http, Http__Output as _google_api_Http__Output } from './google/api/Http.js';
import type { HttpRule as _google_api_HttpRule, HttpRule__Output as _google_api_HttpRule__Output } from './google/api/HttpRule.js';
import type { DescriptorProto as _google_protobuf_DescriptorProto, DescriptorProto__Output as _google_protobuf_DescriptorProto__Output } from './google/protobuf/DescriptorProto.js';
import type { EnumDescriptorProto as _google_protobuf_EnumDescriptorProto, EnumDescriptorProto__Output as _google_protobuf_EnumDescriptorProto__Output } from './google/protobuf/EnumDescriptorProto.js';
import type { EnumOptions as _google_protobuf_EnumOptions, EnumOptions__Output as _google_protobuf_EnumOptions__Output } from './google/protobuf/EnumOptions.js';
import type { EnumValueDescriptorProto as _google_protobuf_EnumValueDescriptorProto, EnumValueDescriptorProto__Output as _google_protobuf_EnumValueDescriptorProto__Output } from './google/protobuf/EnumValueDescriptorProto.js';
import type { EnumValueOptions as _google_protobuf_EnumValueOptions, EnumValueOptions__Output as _google_protobuf_EnumValueOptions__Output } from './google/protobuf/EnumValueOptions.js';
import type { ExtensionRangeOptions as _google_protobuf_ExtensionRangeOptions, ExtensionRangeOptions__Output as _google_protobuf_ExtensionRangeOptions__Output } from './google/protobuf/ExtensionRangeOptions.js';
import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSet__Output as _google_protobuf_FeatureSet__Output } from './google/protobuf/FeatureSet.js';
import type { FeatureSetDefaults as _google_protobuf_FeatureSetDefaults, FeatureSetDefaults__Output as _google_protobuf_FeatureSetDefaults__Output } from './google/protobuf/FeatureSetDefaults.js';
import type { FieldDescriptorProto as _google_protobuf_FieldDescriptorProto, FieldDescriptorProto__Output as _google_protobuf_FieldDescriptorProto__Output } from './google/protobuf/FieldDescriptorProto.js';
import type { FieldOptions as _google_protobuf_FieldOptions, FieldOptions__Output as _google_protobuf_FieldOptions__Output } from './google/protobuf/FieldOptions.js';
import type { FileDescriptorProto as _google_protobuf_FileDescriptorProto, FileDescriptorProto__Output as _google_protobuf_FileDescriptorProto__Output } from './google/protobuf/FileDescriptorProto.js';
import type { FileDescriptorSet as _google_protobuf_FileDescriptorSet, FileDescriptorSet__Output as _google_protobuf_FileDescriptorSet__Output } from './google/protobuf/FileDescriptorSet.js';
import type { FileOptions as _google_protobuf_FileOptions, FileOptions__Output as _google_protobuf_FileOptions__Output } from './google/protobuf/FileOptions.js';
import type { GeneratedCodeInfo as _google_protobuf_GeneratedCodeInfo, GeneratedCodeInfo__Output as _google_protobuf_GeneratedCodeInfo__Output } from './google/protobuf/GeneratedCodeInfo.js';
import type { MessageOptions as _google_protobuf_MessageOptions, MessageOptions__Output as _google_protobuf_MessageOptions__Output } from './google/protobuf/MessageOptions.js';
import type { MethodDescriptorProto as _google_protobuf_MethodDescriptorProto, MethodDescriptorProto__Output as _google_protobuf_MethodDescriptorProto__Output } from './google/protobuf/MethodDescriptorProto.js';
import type { MethodOptions as _google_protobuf_MethodOptions, MethodOptions__Output as _google_protobuf_MethodOptions__Output } from './google/protobuf/MethodOptions.js';
import type { OneofDescriptorProto as _google_protobuf_OneofDescriptorProto, OneofDescriptorProto__Output as _google_protobuf_OneofDescriptorProto__Output } from './google/protobuf/OneofDescriptorProto.js';
import type { OneofOptions as _google_protobuf_OneofOptions, OneofOptions__Output as _google_protobuf_OneofOptions__Output } from './google/protobuf/OneofOptions.js';
import type { ServiceDescriptorProto as _google_protobuf_ServiceDescriptorProto, ServiceDescriptorProto__Output as _google_protobuf_ServiceDescriptorProto__Output } from './google/protobuf/ServiceDescriptorProto.js';
import type { ServiceOptions as _google_protobuf_ServiceOptions, ServiceOptions__Output as _google_protobuf_ServiceOptions__Output } from './google/protobuf/ServiceOptions.js';
import type { SourceCodeInfo as _google_protobuf_SourceCodeInfo, SourceCodeInfo__Output as _google_protobuf_SourceCodeInfo__Output } from './google/protobuf/SourceCodeInfo.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOption__Output as _google_protobuf_UninterpretedOption__Output } from './google/protobuf/UninterpretedOption.js';
import type { AccessRule as _sluice_v1_AccessRule, AccessRule__Output as _sluice_v1_AccessRule__Output } from './sluice/v1/AccessRule.js';
import type { FileRule as _sluice_v1_FileRule, FileRule__Output as _sluice_v1_FileRule__Output } from './sluice/v1/FileRule.js';
import type { RecordingRule as _sluice_v1_RecordingRule, RecordingRule__Output as _sluice_v1_RecordingRule__Output } from './sluice/v1/RecordingRule.js';
import type { SlowReader as _sluice_v1_SlowReader, SlowReader__Output as _sluice_v1_SlowReader__Output } from './sluice/v1/SlowReader.js';
import type { StreamRule as _sluice_v1_StreamRule, StreamRule__Output as _sluice_v1_StreamRule__Output } from './sluice/v1/StreamRule.js';
import type { BatchItem as _streaming_BatchItem, BatchItem__Output as _streaming_BatchItem__Output } from './streaming/BatchItem.js';
import type { BatchResult as _streaming_BatchResult, BatchResult__Output as _streaming_BatchResult__Output } from './streaming/BatchResult.js';
import type { ChatMessage as _streaming_ChatMessage, ChatMessage__Output as _streaming_ChatMessage__Output } from './streaming/ChatMessage.js';
import type { DocumentUpdate as _streaming_DocumentUpdate, DocumentUpdate__Output as _streaming_DocumentUpdate__Output } from './streaming/DocumentUpdate.js';
import type { EditOperation as _streaming_EditOperation, EditOperation__Output as _streaming_EditOperation__Output } from './streaming/EditOperation.js';
import type { FileChunk as _streaming_FileChunk, FileChunk__Output as _streaming_FileChunk__Output } from './streaming/FileChunk.js';
import type { FileRequest as _streaming_FileRequest, FileRequest__Output as _streaming_FileRequest__Output } from './streaming/FileRequest.js';
import type { FormatRange as _streaming_FormatRange, FormatRange__Output as _streaming_FormatRange__Output } from './streaming/FormatRange.js';
import type { GameAction as _streaming_GameAction, GameAction__Output as _streaming_GameAction__Output } from './streaming/GameAction.js';
import type { GameState as _streaming_GameState, GameState__Output as _streaming_GameState__Output } from './streaming/GameState.js';
import type { LogEntry as _streaming_LogEntry, LogEntry__Output as _streaming_LogEntry__Output } from './streaming/LogEntry.js';
import type { LogRequest as _streaming_LogRequest, LogRequest__Output as _streaming_LogRequest__Output } from './streaming/LogRequest.js';
import type { PlayerState as _streaming_PlayerState, PlayerState__Output as _streaming_PlayerState__Output } from './streaming/PlayerState.js';
import type { SensorData as _streaming_SensorData, SensorData__Output as _streaming_SensorData__Output } from './streaming/SensorData.js';
import type { SensorSummary as _streaming_SensorSummary, SensorSummary__Output as _streaming_SensorSummary__Output } from './streaming/SensorSummary.js';
import type { StockPrice as _streaming_StockPrice, StockPrice__Output as _streaming_StockPrice__Output } from './streaming/StockPrice.js';
import type { StockQuoteRequest as _streaming_StockQuoteRequest, StockQuoteRequest__Output as _streaming_StockQuoteRequest__Output } from './streaming/StockQuoteRequest.js';
import type { StockRequest as _streaming_StockRequest, StockRequest__Output as _streaming_StockRequest__Output } from './streaming/StockRequest.js';
import type { StreamData as _streaming_StreamData, StreamData__Output as _streaming_StreamData__Output } from './streaming/StreamData.js';
import type { StreamRequest as _streaming_StreamRequest, StreamRequest__Output as _streaming_StreamRequest__Output } from './streaming/StreamRequest.js';
import type { StreamingServiceClient as _streaming_StreamingServiceClient, StreamingServiceDefinition as _streaming_StreamingServiceDefinition } from './streaming/StreamingService.js';
import type { UploadResult as _streaming_UploadResult, UploadResult__Output as _streaming_UploadResult__Output } from './streaming/UploadResult.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    api: {
      CustomHttpPattern: MessageTypeDefinition<_google_api_CustomHttpPattern, _google_api_CustomHttpPattern__Output>
      Http: MessageTypeDefinition<_google_api_Http, _google_api_Http__Output>
      HttpRule: MessageTypeDefinition<_google_api_HttpRule, _google_api_HttpRule__Output>
    }
    protobuf: {
      DescriptorProto: MessageTypeDefinition<_google_protobuf_DescriptorProto, _google_protobuf_DescriptorProto__Output>
      Edition: EnumTypeDefinition
      EnumDescriptorProto: MessageTypeDefinition<_google_protobuf_EnumDescriptorProto, _google_protobuf_EnumDescriptorProto__Output>
      EnumOptions: MessageTypeDefinition<_google_protobuf_EnumOptions, _google_protobuf_EnumOptions__Output>
      EnumValueDescriptorProto: MessageTypeDefinition<_google_protobuf_EnumValueDescriptorProto, _google_protobuf_EnumValueDescriptorProto__Output>
      EnumValueOptions: MessageTypeDefinition<_google_protobuf_EnumValueOptions, _google_protobuf_EnumValueOptions__Output>
      ExtensionRangeOptions: MessageTypeDefinition<_google_protobuf_ExtensionRangeOptions, _google_protobuf_ExtensionRangeOptions__Output>
      FeatureSet: MessageTypeDefinition<_google_protobuf_FeatureSet, _google_protobuf_FeatureSet__Output>
      FeatureSetDefaults: MessageTypeDefinition<_google_protobuf_FeatureSetDefaults, _google_protobuf_FeatureSetDefaults__Output>
      FieldDescriptorProto: MessageTypeDefinition<_google_protobuf_FieldDescriptorProto, _google_protobuf_FieldDescriptorProto__Output>
      FieldOptions: MessageTypeDefinition<_google_protobuf_FieldOptions, _google_protobuf_FieldOptions__Output>
      FileDescriptorProto: MessageTypeDefinition<_google_protobuf_FileDescriptorProto, _google_protobuf_FileDescriptorProto__Output>
      FileDescriptorSet: MessageTypeDefinition<_google_protobuf_FileDescriptorSet, _google_protobuf_FileDescriptorSet__Output>
      FileOptions: MessageTypeDefinition<_google_protobuf_FileOptions, _google_protobuf_FileOptions__Output>
      GeneratedCodeInfo: MessageTypeDefinition<_google_protobuf_GeneratedCodeInfo, _google_protobuf_GeneratedCodeInfo__Output>
      MessageOptions: MessageTypeDefinition<_google_protobuf_MessageOptions, _google_protobuf_MessageOptions__Output>
      MethodDescriptorProto: MessageTypeDefinition<_google_protobuf_MethodDescriptorProto, _google_protobuf_MethodDescriptorProto__Output>
      MethodOptions: MessageTypeDefinition<_google_protobuf_MethodOptions, _google_protobuf_MethodOptions__Output>
      OneofDescriptorProto: MessageTypeDefinition<_google_protobuf_OneofDescriptorProto, _google_protobuf_OneofDescriptorProto__Output>
      OneofOptions: MessageTypeDefinition<_google_protobuf_OneofOptions, _google_protobuf_OneofOptions__Output>
      ServiceDescriptorProto: MessageTypeDefinition<_google_protobuf_ServiceDescriptorProto, _google_protobuf_ServiceDescriptorProto__Output>
      ServiceOptions: MessageTypeDefinition<_google_protobuf_ServiceOptions, _google_protobuf_ServiceOptions__Output>
      SourceCodeInfo: MessageTypeDefinition<_google_protobuf_SourceCodeInfo, _google_protobuf_SourceCodeInfo__Output>
      SymbolVisibility: EnumTypeDefinition
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      UninterpretedOption: MessageTypeDefinition<_google_protobuf_UninterpretedOption, _google_protobuf_UninterpretedOption__Output>
    }
  }
  sluice: {
    v1: {
      AccessRule: MessageTypeDefinition<_sluice_v1_AccessRule, _sluice_v1_AccessRule__Output>
      FileRule: MessageTypeDefinition<_sluice_v1_FileRule, _sluice_v1_FileRule__Output>
      RecordingRule: MessageTypeDefinition<_sluice_v1_RecordingRule, _sluice_v1_RecordingRule__Output>
      SlowReader: MessageTypeDefinition<_sluice_v1_SlowReader, _sluice_v1_SlowReader__Output>
      StreamRule: MessageTypeDefinition<_sluice_v1_StreamRule, _sluice_v1_StreamRule__Output>
    }
  }
  streaming: {
    BatchItem: MessageTypeDefinition<_streaming_BatchItem, _streaming_BatchItem__Output>
    BatchResult: MessageTypeDefinition<_streaming_BatchResult, _streaming_BatchResult__Output>
    ChatEvent: EnumTypeDefinition
    ChatMessage: MessageTypeDefinition<_streaming_ChatMessage, _streaming_ChatMessage__Output>
    DocumentUpdate: MessageTypeDefinition<_streaming_DocumentUpdate, _streaming_DocumentUpdate__Output>
    EditOperation: MessageTypeDefinition<_streaming_EditOperation, _streaming_EditOperation__Output>
    FileChunk: MessageTypeDefinition<_streaming_FileChunk, _streaming_FileChunk__Output>
    FileRequest: MessageTypeDefinition<_streaming_FileRequest, _streaming_FileRequest__Output>
    FormatRange: MessageTypeDefinition<_streaming_FormatRange, _streaming_FormatRange__Output>
    GameAction: MessageTypeDefinition<_streaming_GameAction, _streaming_GameAction__Output>
    GameState: MessageTypeDefinition<_streaming_GameState, _streaming_GameState__Output>
    LogEntry: MessageTypeDefinition<_streaming_LogEntry, _streaming_LogEntry__Output>
    LogRequest: MessageTypeDefinition<_streaming_LogRequest, _streaming_LogRequest__Output>
    PlayerState: MessageTypeDefinition<_streaming_PlayerState, _streaming_PlayerState__Output>
    SensorData: MessageTypeDefinition<_streaming_SensorData, _streaming_SensorData__Output>
    SensorSummary: MessageTypeDefinition<_streaming_SensorSummary, _streaming_SensorSummary__Output>
    StockPrice: MessageTypeDefinition<_streaming_StockPrice, _streaming_StockPrice__Output>
    StockQuoteRequest: MessageTypeDefinition<_streaming_StockQuoteRequest, _streaming_StockQuoteRequest__Output>
    StockRequest: MessageTypeDefinition<_streaming_StockRequest, _streaming_StockRequest__Output>
    StreamData: MessageTypeDefinition<_streaming_StreamData, _streaming_StreamData__Output>
    StreamRequest: MessageTypeDefinition<_streaming_StreamRequest, _streaming_StreamRequest__Output>
    StreamingService: SubtypeConstructor<typeof grpc.Client, _streaming_StreamingServiceClient> & { service: _streaming_StreamingServiceDefinition }
    UploadResult: MessageTypeDefinition<_streaming_UploadResult, _streaming_UploadResult__Output>
  }
}

