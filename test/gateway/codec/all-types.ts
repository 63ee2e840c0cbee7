import { protoRegistry } from './proto-source.js';

/** Types with everything that ProtoJSON speaks of, in each syntax; after the messages of protobuf's own conformance suite. */
export const allTypes = protoRegistry({
  'proto3.proto': `
    syntax = "proto3";
    package c;
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/empty.proto";
    import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    message All {
      message Nested { int32 a = 1; All corecursive = 2; }
      enum Color { RED = 0; GREEN = 1; BLUE = 2; NEGATIVE = -1; }
      enum Aliased { option allow_alias = true; FIRST = 0; SECOND = 1; ALSO_SECOND = 1; third = 2; }
      int32 optional_int32 = 1; int64 optional_int64 = 2; uint32 optional_uint32 = 3; uint64 optional_uint64 = 4;
      sint32 optional_sint32 = 5; sint64 optional_sint64 = 6; fixed32 optional_fixed32 = 7; fixed64 optional_fixed64 = 8;
      sfixed32 optional_sfixed32 = 9; sfixed64 optional_sfixed64 = 10; float optional_float = 11; double optional_double = 12;
      bool optional_bool = 13; string optional_string = 14; bytes optional_bytes = 15;
      Nested optional_nested = 18; Color optional_color = 21; Aliased optional_aliased = 23; All recursive = 27;
      optional int32 present_int32 = 28; optional string present_string = 29; optional Color present_color = 30;
      repeated int32 repeated_int32 = 31; repeated string repeated_string = 44; repeated Nested repeated_nested = 48;
      repeated Color repeated_color = 51; repeated bool repeated_bool = 43; repeated bytes repeated_bytes = 45;
      repeated int32 expanded_int32 = 90 [packed = false]; repeated double repeated_double = 42;
      map<int32, int32> map_int32_int32 = 56; map<int64, int64> map_int64_int64 = 57; map<uint32, uint32> map_uint32 = 58;
      map<uint64, uint64> map_uint64 = 59; map<bool, bool> map_bool_bool = 68; map<string, string> map_string_string = 69;
      map<string, bytes> map_string_bytes = 70; map<string, Nested> map_string_nested = 71; map<string, Color> map_string_color = 73;
      map<sfixed64, double> map_sfixed64 = 74;
      oneof choice {
        uint32 oneof_uint32 = 111; Nested oneof_nested = 112; string oneof_string = 113; bytes oneof_bytes = 114;
        bool oneof_bool = 115; Color oneof_color = 119; google.protobuf.NullValue oneof_null = 120;
      }
      google.protobuf.BoolValue bool_value = 201; google.protobuf.Int32Value int32_value = 202;
      google.protobuf.Int64Value int64_value = 203; google.protobuf.UInt32Value uint32_value = 204;
      google.protobuf.UInt64Value uint64_value = 205; google.protobuf.FloatValue float_value = 206;
      google.protobuf.DoubleValue double_value = 207; google.protobuf.StringValue string_value = 208;
      google.protobuf.BytesValue bytes_value = 209; repeated google.protobuf.Int32Value repeated_int32_value = 212;
      google.protobuf.Duration duration = 301; google.protobuf.Timestamp timestamp = 302; google.protobuf.FieldMask mask = 303;
      google.protobuf.Struct struct = 304; google.protobuf.Any any = 305; google.protobuf.Value value = 306;
      google.protobuf.NullValue null_value = 307; google.protobuf.Empty empty = 308; google.protobuf.ListValue list_value = 317;
      repeated google.protobuf.Value repeated_value = 316; repeated google.protobuf.NullValue repeated_null = 318;
      repeated google.protobuf.Any repeated_any = 315; map<string, google.protobuf.Value> map_value = 319;
      repeated google.protobuf.Timestamp repeated_timestamp = 312;
      int32 fieldname1 = 401; int32 field_name2 = 402; int32 _field_name3 = 403; int32 field0name5 = 405;
      int32 field_0_name6 = 406; int32 FIELD_NAME11 = 411; int32 __field_name13 = 413; int32 custom = 420 [json_name = "@custom"];
      int32 __proto__ = 430; int32 constructor = 431; int32 has_own_property = 432; int32 toString = 433;
    }`,
  'proto2.proto': `
    syntax = "proto2";
    package c;
    message Old {
      enum Closed { ONE = 1; TWO = 2; }
      optional int32 number = 1; optional string text = 2; optional Closed closed = 3; repeated Closed closeds = 4;
      map<string, Closed> map_closed = 5; optional group Data = 201 { optional int32 inner = 202; optional uint32 other = 203; }
      repeated group Many = 204 { optional int32 item = 205; } optional float with_default = 7 [default = 1.5];
      oneof choice { Closed oneof_closed = 8; int32 oneof_number = 9; }
      extensions 1000 to max;
    }
    message Strict { required int32 id = 1; required string name = 2; optional Strict inner = 3; }
    message Set { option message_set_wire_format = true; extensions 4 to max; }
    message SetUser { optional Set set = 1; }
    message Small { optional int32 id = 1; optional string text = 2; optional Set set = 3; }
    extend Set { optional Small small = 1000; optional Strict strict = 536870912; }
    extend Old { optional int32 ext = 1000; repeated string exts = 1001; optional Old ext_old = 1002; }`,
  'editions.proto': `
    edition = "2023";
    package c;
    message New {
      enum Shut { option features.enum_type = CLOSED; A = 3; B = 4; }
      int32 explicit_number = 1;
      int32 implicit_number = 2 [features.field_presence = IMPLICIT];
      New delimited = 3 [features.message_encoding = DELIMITED];
      repeated New delimiteds = 4 [features.message_encoding = DELIMITED];
      repeated int32 expanded = 5 [features.repeated_field_encoding = EXPANDED];
      Shut shut = 6; string loose = 7 [features.utf8_validation = NONE];
    }`,
});
