/**
 * gRPC metadata as plain pairs, in order, names in lower case; a name may occur more than once. The value
 * of a name that ends in `-bin` is base64 (standard alphabet; padding optional when given, present when made).
 */
export type Metadata = readonly (readonly [name: string, value: string])[];
