import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { fontFamily, fontFiles } from './font.ts';

let ready: Promise<void> | undefined;

const keyword = 'callfabric-erd';

/** The SVG as a PNG, `scale` times as large, with `mark` in it as the SVG has it. */
export async function rasterise(svg: string, mark: string, scale: number): Promise<Buffer> {
  ready ??= initWasm(
    readFileSync(new URL('../../../node_modules/@resvg/resvg-wasm/index_bg.wasm', import.meta.url)),
  );
  await ready;
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: { fontBuffers: fontFiles().map(({ bytes }) => bytes), defaultFontFamily: fontFamily },
  });
  const rendered = picture.render();
  const png = Buffer.from(rendered.asPng());
  rendered.free();
  picture.free();
  return withText(png, mark);
}

/** The mark that `rasterise` left in a PNG; undefined where there is none. */
export function markOf(png: Buffer): string | undefined {
  const head = `tEXt${keyword}\0`;
  const at = png.indexOf(head, 0, 'latin1');
  if (at < 4) return undefined;
  // The chunk's length, not its letters, tells where it ends: the check sum behind it may begin with any.
  return png.toString('latin1', at + head.length, at + 4 + png.readUInt32BE(at - 4));
}

/** Puts a text chunk between the header (8 bytes of signature, 25 of IHDR) and the rest. */
function withText(png: Buffer, mark: string): Buffer {
  const body = Buffer.from(`tEXt${keyword}\0${mark}`, 'latin1');
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}
