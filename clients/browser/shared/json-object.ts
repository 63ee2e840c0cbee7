/** A message in canonical ProtoJSON. It is an object, except for some well-known types. */
export type JsonObject = { readonly [name: string]: unknown };
