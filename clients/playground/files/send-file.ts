export interface FileTransfer {
  /** Resolves with the answer, or rejects with an Error that says what went wrong. */
  readonly done: Promise<unknown>;
  cancel(): void;
}

export interface SendFileOptions {
  readonly url: string;
  readonly httpMethod: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly file: Blob;
  readonly onProgress: (sentBytes: number) => void;
}

/** Sends a file as it is. The browser reads it piece by piece, so it need not fit into memory. */
export function sendFile({ url, httpMethod, headers, file, onProgress }: SendFileOptions): FileTransfer {
  // `fetch` tells nothing of how much has been sent.
  const request = new XMLHttpRequest();
  const done = new Promise<unknown>((resolve, reject) => {
    const fail = (text: string) => () => reject(new Error(text));
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded));
    request.addEventListener('error', fail('the connection was lost'));
    request.addEventListener('abort', fail('cancelled'));
    request.addEventListener('load', () => {
      const answer = jsonOf(request.responseText);
      if (request.status === 200) resolve(answer);
      else reject(new Error(problemOf(answer) ?? `HTTP ${request.status}`));
    });
  });
  request.open(httpMethod, url);
  request.setRequestHeader('content-type', 'application/octet-stream');
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.send(file);
  return { done, cancel: () => request.abort() };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of an error of the gateway: PROTOCOL.md, section 4. */
export function problemOf(answer: unknown): string | undefined {
  const { error } = (answer ?? {}) as { error?: { status?: unknown; message?: unknown } };
  return error === undefined ? undefined : `${error.status}: ${error.message}`;
}
