import type { LanguageModelV3FilePart, LanguageModelV3TextPart } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { type JsonRecord, listOf, recordOf, textOf } from './chat-request.ts';
import { mapCacheHint } from './map-cache-hint.ts';
import type { Warnings } from './warnings.ts';

type Part = LanguageModelV3TextPart | LanguageModelV3FilePart;

const DATA_URL = /^data:([^;,]*)[^,]*;base64,/;
const EXTENSION = /\.(png|jpe?g|webp|gif|bmp)(?:[?#]|$)/i;

/** A user's content, a text or a list of parts. What no provider takes has been refused before (`cannotCarry`). */
export function mapParts(content: unknown, tongue: Tongue, warnings: Warnings): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return listOf(content).flatMap((value) => {
    const part = recordOf(value);
    const mapped = mapPart(part, warnings);
    if (mapped === undefined) return [];
    const providerOptions = mapCacheHint(part.cache_control, tongue, warnings);
    return [providerOptions === undefined ? mapped : { ...mapped, providerOptions }];
  });
}

function mapPart(part: JsonRecord, warnings: Warnings): Part | undefined {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: textOf(part.text) };
    case 'refusal':
      return { type: 'text', text: textOf(part.refusal) };
    case 'image_url':
      return mapImage(part.image_url, warnings);
    case 'input_audio': {
      const { data, format } = recordOf(part.input_audio);
      return { type: 'file', mediaType: `audio/${textOf(format) || 'wav'}`, data: textOf(data) };
    }
    case 'file': {
      const { file_data: data, filename } = recordOf(part.file);
      const file = ofDataUrl(textOf(data));
      return file && (typeof filename === 'string' ? { ...file, filename } : file);
    }
    default:
      return undefined;
  }
}

function mapImage(image: unknown, warnings: Warnings): Part {
  const { url, detail } = typeof image === 'string' ? { url: image, detail: undefined } : recordOf(image);
  if (detail != null && detail !== 'auto') warnings.dropped('image_url.detail');
  const text = textOf(url);
  return ofDataUrl(text) ?? { type: 'file', mediaType: mediaTypeByName(text), data: new URL(text) };
}

function ofDataUrl(url: string): LanguageModelV3FilePart | undefined {
  const match = DATA_URL.exec(url.slice(0, 200));
  if (match === null) return undefined;
  return { type: 'file', mediaType: match[1] || 'image/*', data: url.slice(match[0].length) };
}

/** An address says its type by its ending, if at all. */
function mediaTypeByName(url: string): string {
  const ending = EXTENSION.exec(url)?.[1]?.toLowerCase();
  if (ending === undefined) return 'image/*';
  return `image/${ending === 'jpg' ? 'jpeg' : ending}`;
}
