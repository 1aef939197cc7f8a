/** A thread of a child process that ends the whole process when its parent is gone: then the pipe at its stdin closes. */

for await (const _ of Bun.stdin.stream()) {
  // The parent never writes. Only the end of the pipe matters.
}
process.kill(process.pid, "SIGKILL");

export {};
