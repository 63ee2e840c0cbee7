import { RpcError } from '../../../gateway/status/index.js';

/** The `RpcError` that `action` throws; undefined when it throws nothing. Anything else thrown is a defect, and goes on. */
export function refusal(action: () => unknown): RpcError | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  return undefined;
}
