import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromBinary, type JsonObject, toJson } from '@bufbuild/protobuf';
import t from 'tap';
import { baseFiles } from '../../../gateway/schema/base/base-files.js';
import {
  Code,
  codeName,
  detailsOfReason,
  httpStatusFromCode,
  REASONS,
  type Reason,
  RpcError,
} from '../../../gateway/status/index.js';
import { documentedReasons } from './documented-reasons.js';

const reasons = Object.keys(REASONS) as Reason[];

t.test('PROTOCOL.md lists each reason once, with its code and HTTP status, and no other', (t) => {
  const documented = documentedReasons();
  t.same(documented.map(({ reason }) => reason).toSorted(), reasons.toSorted());
  for (const { reason, code, http, when, advice } of documented) {
    const error = new RpcError(reason, 'a text');
    const name = codeName(error.code);
    t.ok(code === name || code.startsWith(`${name};`) || code.startsWith(`${name},`), `${reason}: ${code}`);
    const status = String(error.httpStatus ?? httpStatusFromCode(error.code));
    t.ok(http === 'of the code' || http.startsWith(status), `${reason}: ${http} is ${status}`);
    t.ok(when.length > 10 && advice.length > 5, `${reason} says when, and what to do`);
  }
  t.end();
});

t.test('a reason is upper snake case, and short enough for a close frame', (t) => {
  for (const reason of reasons) {
    t.match(reason, /^[A-Z][A-Z0-9_]+[A-Z0-9]$/);
    t.ok(reason.length <= 32, reason);
  }
  t.end();
});

t.test('the details of a reason are a google.rpc.ErrorInfo, as bytes and as JSON', (t) => {
  const registry = baseFiles().registry;
  const type = registry.getMessage('google.rpc.ErrorInfo');
  if (type === undefined) throw new Error('google.rpc.ErrorInfo is not known');
  const long = { limit: 'exchanges', text: 'ü'.repeat(300) };
  for (const metadata of [undefined, { limit: 'exchanges', flag: '--exchanges' }, long]) {
    const [detail, ...others] = detailsOfReason('GATEWAY_LIMIT', metadata);
    t.same(others, []);
    const json = toJson(type, fromBinary(type, detail?.value ?? new Uint8Array(0))) as JsonObject;
    t.same(json, {
      reason: 'GATEWAY_LIMIT',
      domain: 'sluice',
      ...(metadata === undefined ? {} : { metadata }),
    });
    t.same({ '@type': detail?.typeUrl, ...json }, detail?.json);
  }
  t.end();
});

t.test('what costs nothing twice is made once: the details of a reason without metadata', (t) => {
  t.equal(detailsOfReason('CANCELLED'), detailsOfReason('CANCELLED'));
  t.equal(new RpcError('CANCELLED', 'one').details, new RpcError('CANCELLED', 'another').details);
  t.end();
});

t.test('an unknown failure is INTERNAL without its text, and an RpcError stays what it is', (t) => {
  const cause = new Error('a secret');
  const error = RpcError.from(cause);
  t.match(error, { reason: 'INTERNAL', code: Code.INTERNAL, message: 'internal error', cause });
  t.equal(RpcError.from(error), error);
  t.end();
});

t.test('every reason is used outside its own file', (t) => {
  const folder = fileURLToPath(new URL('../../../gateway/', import.meta.url));
  const used = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name === 'status/reason.ts') continue;
    const text = readFileSync(folder + name, 'utf8');
    for (const [, word] of text.matchAll(/'([A-Z][A-Z0-9_]+)'/g)) used.add(word as string);
  }
  for (const reason of reasons) t.ok(used.has(reason), `${reason} is used`);
  t.end();
});
