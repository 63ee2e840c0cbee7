export interface CuttableSockets {
  /** For the options of a client: what it opens can be cut. */
  readonly WebSocket: typeof WebSocket;
  /** Closes every open socket of the client, as a network that breaks would. Returns how many. */
  cut(): number;
}

/** Makes WebSockets that the page can cut, so that a person sees how calls go on. */
export function createCuttableSockets(): CuttableSockets {
  const open = new Set<WebSocket>();
  class CuttableSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      open.add(this);
      this.addEventListener('close', () => open.delete(this));
    }
  }
  return {
    WebSocket: CuttableSocket,
    cut() {
      const cut = [...open];
      open.clear();
      // What is still on its way to a socket that closes is lost, as with one that breaks.
      for (const socket of cut) socket.close();
      return cut.length;
    },
  };
}
