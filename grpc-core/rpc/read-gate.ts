import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerListener,
} from '@grpc/grpc-js';

/** Bounds what is read ahead of a call's handler. */
export interface ReadGate {
  /** Must be the innermost interceptor of the server. */
  readonly interceptor: ServerInterceptor;
  /** The handler of the call with this metadata object has taken so many bytes. */
  taken(metadata: Metadata, bytes: number): void;
}

interface CallGate {
  heldBytes: number;
  release: (() => void) | undefined;
}

/**
 * grpc-js reads 16 messages ahead of a handler, whatever their size: 64 MiB of 4 MiB messages a call. The gate lets a
 * further message through only while less than `maxHeldBytes` wait, and grpc-js asks for the next one only after that, so a
 * call holds `maxHeldBytes` and two messages at most. Calls are known by their metadata object, the one thing an
 * interceptor and a handler both see.
 */
export function createReadGate(maxHeldBytes: number): ReadGate {
  const gates = new WeakMap<Metadata, CallGate>();

  function listenerOf(): ServerListener {
    const gate: CallGate = { heldBytes: 0, release: undefined };
    return {
      onReceiveMetadata(metadata, next) {
        gates.set(metadata, gate);
        next(metadata);
      },
      onReceiveMessage(message: unknown, next) {
        // Services that are not ours (health) have their messages decoded already.
        if (!Buffer.isBuffer(message)) return next(message);
        const pass = (): void => {
          gate.heldBytes += message.byteLength;
          next(message);
        };
        if (gate.heldBytes < maxHeldBytes) pass();
        else gate.release = pass;
      },
      onReceiveHalfClose: (next) => next(),
      onCancel() {
        gate.release = undefined;
      },
    };
  }

  return {
    interceptor: (_method, call) => new ServerInterceptingCall(call, { start: (next) => next(listenerOf()) }),
    taken(metadata, bytes) {
      const gate = gates.get(metadata);
      if (gate === undefined) return;
      gate.heldBytes -= bytes;
      if (gate.heldBytes >= maxHeldBytes) return;
      const release = gate.release;
      gate.release = undefined;
      release?.();
    },
  };
}
