import type { Test } from 'tap';
import { connectionsContract } from './contract/connections.js';
import { endingContract } from './contract/ending.js';
import { flowContract } from './contract/flow.js';
import { kindsContract } from './contract/kinds.js';
import { metadataContract } from './contract/metadata.js';
import { securityContract } from './contract/security.js';
import type { Subject } from './contract/subject.js';

/** What every transport promises, by subject of the promise. */
export const transportContract: Readonly<Record<string, (t: Test, subject: Subject) => void>> = {
  kinds: kindsContract,
  metadata: metadataContract,
  ending: endingContract,
  flow: flowContract,
  connections: connectionsContract,
  security: securityContract,
};
