import { clientFrameFromJson, clientFrameFromProto, UsedIds } from '../../../gateway/wire/session/index.js';
import { lengthDelimited, tag, varint } from '../codec/random-wire.js';
import { type Cost, fill, list, textCosts } from './growth.js';
import { NUMBERS } from './json-costs.js';

const FRAMES: Readonly<Record<string, (size: number) => string>> = {
  'open objects': (size) => fill('{"a":', size),
  'open data': (size) => `{"message":{"id":1,"data":${fill('[', size)}`,
  'closed data': (size) => `{"message":{"id":1,"data":${fill('[', size)}${fill(']', size)}}}`,
  'data of strings': (size) => `{"message":{"id":1,"data":[${fill('"\\"",', size)}""]}}`,
  'a string without end': (size) => `{"message":{"id":1,"data":"${fill('\\"', size)}`,
  'white space': (size) => `{${fill(' \n', size)}`,
  'unknown names': (size) => `{"open":{${list(size, 10, (n) => `"k${n}":1`)}}}`,
  'metadata of many names': (size) => `{"open":{"metadata":{${list(size, 12, (n) => `"k${n}":""`)}}}}`,
  'metadata of numbers': (size) => `{"open":{"metadata":{${list(size, 20, (n) => `"${n * 131_072}":""`)}}}}`,
  'one name twice at the end': (size) =>
    `{"open":{"metadata":{${list(size, 12, (n) => `"k${n}":""`)},"k1":""}}}`,
  'a value of commas': (size) => `{"open":{"id":1,"metadata":{"a-bin":"${fill(',', size)}"}}}`,
  'a text of escapes': (size) => `{"ping":{"token":"${fill('\\u0041', size)}"}}`,
  'a long token': (size) => `{"credit":{"id":${fill('a', size)}}}`,
  'many frames': (size) => `{${fill('"ping":{},', size)}"ping":{}}`,
};

const bytes = (number: number, content: Uint8Array | string) => lengthDelimited(number, Buffer.from(content));
const many = (record: Uint8Array, size: number) =>
  Buffer.alloc(Math.max(1, Math.floor(size / record.length)) * record.length, record);

const BINARIES: Readonly<Record<string, (size: number) => Uint8Array>> = {
  'many frames': (size) => many(bytes(6, ''), size),
  'many ids': (size) => bytes(1, many(Buffer.concat([tag(1, 0), varint(1n)]), size)),
  'metadata of one name': (size) => bytes(1, many(bytes(3, bytes(1, 'a')), size)),
  'metadata of many names': (size) =>
    bytes(1, Buffer.concat(Array.from({ length: size / 12 }, (_, n) => bytes(3, bytes(1, `name${n}`))))),
  'an entry of many parts': (size) => bytes(1, bytes(3, many(bytes(2, 'a'), size))),
  'much data': (size) => bytes(2, many(bytes(2, 'a'), size)),
  'long numbers': (size) => bytes(4, Buffer.alloc(size, 0xff)),
};

/** Everything that a frame of a session can be made of. */
export function frameCosts(): Cost[] {
  return [
    ...textCosts('frame as JSON', FRAMES, (text) => clientFrameFromJson(Buffer.from(text))),
    ...textCosts('frame as JSON, an id', NUMBERS, (text) =>
      clientFrameFromJson(Buffer.from(`{"cancel":{"id":${text}}}`)),
    ),
    ...Object.entries(BINARIES).map(
      ([shape, make]): Cost => ({
        name: `frame as protobuf, ${shape}`,
        prepare: (size) => {
          const frame = Buffer.from(make(size));
          return () => clientFrameFromProto(frame);
        },
      }),
    ),
    {
      name: 'ids with gaps, downwards',
      prepare: (size) => () => {
        const ids = new UsedIds();
        for (let id = size; id > 0; id -= 2) ids.add(id);
      },
    },
  ];
}
