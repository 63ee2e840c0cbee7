// Writes proto/base.binpb, which the gateway reads at its start instead of parsing .proto files. `npm run generate` runs this;
// test/gateway/schema/base/base-files.test.ts fails when the file does not fit proto/ or the installed @bufbuild/protobuf.
import { writeFileSync } from 'node:fs';
import { baseSetBytes } from './base-set.js';

writeFileSync(new URL('../proto/base.binpb', import.meta.url), baseSetBytes());
