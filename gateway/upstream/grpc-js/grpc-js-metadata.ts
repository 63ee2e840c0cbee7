import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { type Metadata, MetadataBlock } from '../../status/index.js';
import { isReservedName } from '../reserved-names.js';

/** Our pairs as the library wants them; names and values have been checked. */
export function grpcMetadataFrom(pairs: Metadata): GrpcMetadata {
  const metadata = new GrpcMetadata();
  for (const [name, value] of pairs) {
    metadata.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}

/** The library's metadata as pairs, without what belongs to HTTP and gRPC, as much of it as may travel. */
export function pairsFrom(metadata: GrpcMetadata): Metadata {
  const block = new MetadataBlock();
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    if (isReservedName(name)) continue;
    for (const value of values) {
      block.add(name, typeof value === 'string' ? value : value.toString('base64'));
    }
  }
  return block.pairs;
}
