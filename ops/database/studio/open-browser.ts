import { spawn } from 'node:child_process';

/** The program that opens an address on this machine; undefined where nobody would see it. */
export function opener(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | undefined {
  if (platform === 'darwin') return 'open';
  if (platform === 'win32') return 'explorer.exe';
  const display = env['DISPLAY'] ?? env['WAYLAND_DISPLAY'];
  return display === undefined || display === '' ? undefined : 'xdg-open';
}

/** Opens `address` in the person's browser, where there is one; the address is printed in any case. */
export function openBrowser(address: string): void {
  const program = opener(process.platform, process.env);
  if (program === undefined) return;
  const child = spawn(program, [address], { stdio: 'ignore', detached: true });
  child.on('error', () => {}); // not installed
  child.unref();
}
