import type { ClientLine } from './job.ts';

/** A client's line that hands everything on: for those that change or note some of it on the way. */
export class PassingLine implements ClientLine {
  protected readonly client: ClientLine;

  constructor(client: ClientLine) {
    this.client = client;
  }

  get hasLeft(): boolean {
    return this.client.hasLeft;
  }

  onLeft(callback: () => void): void {
    this.client.onLeft(callback);
  }

  startStream(headers: Readonly<Record<string, string>>): void {
    this.client.startStream(headers);
  }

  write(bytes: Buffer | string): boolean {
    return this.client.write(bytes);
  }

  onceDrained(callback: () => void): void {
    this.client.onceDrained(callback);
  }

  end(): void {
    this.client.end();
  }

  cut(): void {
    this.client.cut();
  }
}
