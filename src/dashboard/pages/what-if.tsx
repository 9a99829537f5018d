import { useEffect, useState } from 'preact/hooks';
import type { Estimate, Replay } from '../answers.ts';
import { ApiError, call } from '../api.ts';
import { colourOf } from '../colours.ts';
import { count, hundredths, NONE, percent, usd } from '../format.ts';
import { Command } from '../parts/command.tsx';
import { Failure } from '../parts/states.tsx';
import { gridAround, placeOf, policiesOf, type WhatIfGrid } from '../what-if-grid.ts';

interface Answered {
  readonly grid: WhatIfGrid;
  readonly replay: Replay;
}

/** What a change of strategy would do: two sliders over settings that one replay of the logged requests has answered. */
export function WhatIf() {
  const [answered, setAnswered] = useState<Answered>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const controller = new AbortController();
    askGrid(controller.signal).then(setAnswered, (failure: unknown) => {
      if (failure instanceof ApiError) setError(failure);
    });
    return () => controller.abort();
  }, []);
  return (
    <section class="card stack" data-field="what-if">
      <h2>What a change of strategy would do</h2>
      {error ? <Failure error={error} /> : null}
      {answered ? <Sliders answered={answered} /> : error ? null : <p class="quiet">Replaying …</p>}
    </section>
  );
}

async function askGrid(signal: AbortSignal): Promise<Answered> {
  const ask = (body: object) => call<Replay>('api/intelligence/replay', { method: 'POST', body, signal });
  // Around what values the strategy has now.
  const [now] = (await ask({ policies: [{}] })).policies;
  const grid = gridAround(now?.value_of_quality_usd ?? 0.03, now?.value_of_second_usd ?? 0);
  return { grid, replay: await ask({ policies: policiesOf(grid) }) };
}

function Sliders({ answered: { grid, replay } }: { answered: Answered }) {
  const [quality, setQuality] = useState(grid.ownQuality);
  const [second, setSecond] = useState(grid.ownSecond);
  const { logged } = replay;
  const policy = replay.policies[placeOf(grid, quality, second)];
  const now = replay.policies[placeOf(grid, grid.ownQuality, grid.ownSecond)];
  if (policy === undefined || now === undefined) return null;
  if (logged.requests === 0) return <NothingLogged />;
  const isOwn = quality === grid.ownQuality && second === grid.ownSecond;
  const qualityUsd = usd(grid.qualityUsd[quality]);
  const secondUsd = usd(grid.secondUsd[second]);
  return (
    <>
      <p class="small quiet">
        {count(logged.requests)} requests of 30 days are gone through again with what is known today, as if
        these had been the values. What was not tried is not told. Move a slider:
      </p>
      <div class="sliders">
        <Slider
          label="A perfect answer, over a useless one, is worth"
          text={qualityUsd}
          place={quality}
          places={grid.qualityUsd.length}
          onMoved={setQuality}
        />
        <Slider
          label="A second of waiting costs"
          text={secondUsd}
          place={second}
          places={grid.secondUsd.length}
          onMoved={setSecond}
        />
        <button
          type="button"
          class="button"
          disabled={isOwn}
          onClick={() => {
            setQuality(grid.ownQuality);
            setSecond(grid.ownSecond);
          }}
        >
          As it is now
        </button>
      </div>
      <div class="cards" role="status" aria-label="What would be">
        <Then
          label="Per 1,000 requests"
          was={logged.cost_usd_per_1k_requests}
          now={now.cost_usd_per_1k_requests}
          estimate={policy.cost_usd_per_1k_requests}
          format={usd}
          isLessBetter
        />
        <Then
          label="Quality"
          was={logged.quality?.mean ?? null}
          now={now.quality}
          estimate={policy.quality}
          format={hundredths}
        />
        <Then
          label="Seconds an answer"
          was={logged.seconds}
          now={now.seconds}
          estimate={policy.seconds}
          format={(value) => (value === null || value === undefined ? NONE : `${value.toFixed(2)} s`)}
          isLessBetter
        />
      </div>
      <div class="two">
        <Mix title="Went to" models={logged.models} />
        <Mix title="Would go to" models={policy.models} />
      </div>
      {isOwn ? null : (
        <details>
          <summary>How to have it so</summary>
          <div class="stack">
            <p class="small">
              In <code>outrider.toml</code>, then <code>kill -HUP</code> to the process:
            </p>
            <Command
              text={`[strategies.${policy.strategy}]\nvalue_of_quality_usd = ${grid.qualityUsd[quality]}\nvalue_of_second_usd = ${grid.secondUsd[second]}`}
            />
          </div>
        </details>
      )}
    </>
  );
}

function Slider(props: {
  label: string;
  text: string;
  place: number;
  places: number;
  onMoved: (place: number) => void;
}) {
  return (
    <label>
      <span>
        {props.label} <output>{props.text}</output>
      </span>
      <input
        type="range"
        min={0}
        max={props.places - 1}
        step={1}
        value={props.place}
        aria-label={props.label}
        aria-valuetext={props.text}
        onInput={(event) => props.onMoved(Number(event.currentTarget.value))}
      />
    </label>
  );
}

/**
 * One measure as it was and as it would be, or why that cannot be told. Better and worse are so against the values of now,
 * by what is believed today: what was, was chosen while less was known.
 */
function Then(props: {
  label: string;
  was: number | null;
  now: Estimate;
  estimate: Estimate;
  format: (value: number | null | undefined) => string;
  isLessBetter?: boolean;
}) {
  const { was, estimate, format } = props;
  const then = estimate.doubly_robust;
  const now = props.now.doubly_robust;
  const isOwn = estimate === props.now;
  const isLess = then !== null && now !== null && then.high_90 < now.mean;
  const isMore = then !== null && now !== null && then.low_90 > now.mean;
  const isBetter = props.isLessBetter ? isLess : isMore;
  const isWorse = props.isLessBetter ? isMore : isLess;
  return (
    <section class="figure inner" aria-label={`${props.label}, then`}>
      <span class="quiet">{props.label}</span>
      <strong class={isBetter ? 'good' : isWorse ? 'warn' : ''}>{then ? format(then.mean) : NONE}</strong>
      <span class="quiet">
        {then
          ? `${format(then.low_90)} to ${format(then.high_90)}; ${
              isOwn || now === null ? '' : `${format(now.mean)} as it is now; `
            }was ${format(was)}`
          : estimate.refusal?.message}
      </span>
    </section>
  );
}

function Mix(props: { title: string; models: Replay['logged']['models'] }) {
  const shown = [...props.models]
    .sort((one, other) => other.share - one.share)
    .filter(({ share }) => share >= 0.005);
  return (
    <div class="stack">
      <h3>{props.title}</h3>
      <div class="mix" aria-hidden="true">
        {shown.map(({ model, share }) => (
          <span key={model} style={{ width: `${100 * share}%`, background: colourOf(model) }} />
        ))}
      </div>
      <div class="legend">
        {shown.map(({ model, share }) => (
          <span key={model}>
            <span class="swatch" style={{ background: colourOf(model) }} />
            {model} {percent(share)}
          </span>
        ))}
      </div>
    </div>
  );
}

function NothingLogged() {
  return (
    <p class="small quiet">
      Nothing was chosen freely in 30 days, so there is nothing to go through again. Requests with{' '}
      <code>"model": "auto"</code> are, where several could serve and the one that was drawn answered; those
      that name a model are not.
    </p>
  );
}
