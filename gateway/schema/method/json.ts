/** JSON, as it is parsed and as it is made here: objects of ours have no prototype, so no name is special. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };
