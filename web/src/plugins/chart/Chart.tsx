import type { ReactNode } from 'react';
import {
  Bar,
  BarChart,
  CartesianGrid,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { shortText } from '../../answer/values';
import { type Drawing, mostSeries } from './series';

export type Shape = 'bars' | 'stacked' | 'lines';

interface ChartProps {
  drawing: Drawing;
  shape: Shape;
  measure: string;
  /** Of an axis of time buckets. */
  interval: string | undefined;
  timeZone: string;
}

/** Draws series as bars or lines. Bars of categories lie, so that their names have room. */
export default function Chart({ drawing, shape, measure, interval, timeZone }: ChartProps) {
  const { series, points, isTime } = drawing;
  const format = isTime ? timeFormat(interval, timeZone) : undefined;
  const data = points.map(({ key, label, values }) => ({
    name: format ? format.format(Number(key)) : label,
    ...Object.fromEntries(values.map((value, index) => [index, value])),
  }));
  const shared = { data, accessibilityLayer: true, margin: { top: 8, right: 16, bottom: 4, left: 4 } };
  const legend = series.length > 1 && <Series names={series} />;
  const tooltip = <Tooltip isAnimationActive={false} cursor={{ fill: 'var(--soft)' }} content={Values} />;
  const tick = { fill: 'currentColor', fontSize: 12 };
  if (shape === 'lines') {
    return (
      <Frame legend={legend}>
        <LineChart {...shared}>
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis dataKey="name" tick={tick} minTickGap={24} stroke="currentColor" />
          <YAxis tick={tick} width="auto" stroke="currentColor" tickFormatter={shortText} />
          {tooltip}
          {series.map((name, index) => (
            <Line
              key={name}
              name={series.length > 1 ? name : measure}
              dataKey={String(index)}
              stroke={colorOf(index, series.length)}
              strokeWidth={2}
              strokeDasharray={dashes[index % dashes.length] ?? ''}
              dot={points.length <= 60 && { r: 2.5, strokeDasharray: '' }}
              isAnimationActive={false}
            />
          ))}
        </LineChart>
      </Frame>
    );
  }
  const across = !isTime;
  return (
    <Frame
      legend={legend}
      height={across ? heightOf(points.length, shape === 'stacked' ? 1 : series.length) : undefined}
      minWidth={across ? 0 : points.length * (shape === 'stacked' ? 3 : 2 + 2 * series.length)}
    >
      <BarChart {...shared} layout={across ? 'vertical' : 'horizontal'} barCategoryGap="18%">
        <CartesianGrid stroke="var(--line)" vertical={across} horizontal={!across} />
        {across ? (
          <>
            <XAxis type="number" tick={tick} stroke="currentColor" tickFormatter={shortText} />
            <YAxis
              type="category"
              dataKey="name"
              tick={tick}
              width={widthOf(points.map(({ label }) => label))}
              interval={0}
              stroke="currentColor"
              tickFormatter={cut}
            />
          </>
        ) : (
          <>
            <XAxis dataKey="name" tick={tick} minTickGap={24} stroke="currentColor" />
            <YAxis tick={tick} width="auto" stroke="currentColor" tickFormatter={shortText} />
          </>
        )}
        {tooltip}
        {series.map((name, index) => (
          <Bar
            key={name}
            name={series.length > 1 ? name : measure}
            dataKey={String(index)}
            {...(shape === 'stacked' && { stackId: 'all' })}
            fill={colorOf(index, series.length)}
            stroke="hsl(var(--color-base))"
            strokeWidth={shape === 'stacked' && points.length <= 60 ? 1 : 0}
            maxBarSize={48}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </Frame>
  );
}

interface FrameProps {
  legend: ReactNode;
  /** Without one the chart takes the room that there is. */
  height?: number | undefined;
  /** Of many bars, so that each can be seen: the frame then scrolls. */
  minWidth?: number;
  children: ReactNode;
}

function Frame({ legend, height, minWidth = 0, children }: FrameProps) {
  return (
    <>
      <div className="chart-frame" style={height === undefined ? undefined : { flex: 'none', height }}>
        <div style={{ minWidth: Math.min(minWidth, 20_000), height: '100%' }}>
          <ResponsiveContainer width="100%" height="100%">
            {children}
          </ResponsiveContainer>
        </div>
      </div>
      {legend}
    </>
  );
}

/** The values at a place, the largest first; of many the zeros are left out. */
function Values({ active, label, payload }: TooltipContentProps) {
  if (!active || !payload.length) return null;
  const values = payload
    .filter(({ value }) => value !== null && (payload.length <= 3 || value !== 0))
    .toSorted((a, b) => Number(b.value) - Number(a.value));
  return (
    <div className="chart-values">
      <strong>{label}</strong>
      {values.map(({ name, value, color, fill }) => (
        <span key={name}>
          <i style={{ background: fill === '#fff' ? color : (fill ?? color) }} /> {name}: {shortText(value)}
        </span>
      ))}
      {values.length === 0 && <span>0</span>}
    </div>
  );
}

/** A line is told from another by its dashes as well as by its colour. */
const dashes = ['', '6 3', '2 3', '10 3 2 3'];

function colorOf(index: number, count: number): string {
  if (count === 1) return 'var(--accent)';
  return index < mostSeries ? `var(--series-${index + 1})` : 'var(--series-other)';
}

function Series({ names }: { names: string[] }) {
  return (
    <ul className="chart-legend" aria-label="Series">
      {names.map((name, index) => (
        <li key={name} title={name}>
          <i style={{ background: colorOf(index, names.length) }} /> {cut(name)}
        </li>
      ))}
    </ul>
  );
}

function heightOf(points: number, bars: number): number {
  return Math.max(points, 2) * Math.max(26, bars * 11 + 8) + 60;
}

const longestLabel = 28;

function cut(text: string): string {
  return text.length > longestLabel ? `${text.slice(0, longestLabel - 1)}…` : text;
}

function widthOf(labels: string[]): number {
  return Math.min(Math.max(...labels.map((label) => cut(label).length)) * 7 + 16, 190);
}

function timeFormat(interval: string | undefined, timeZone: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions =
    interval === 'MONTH'
      ? { month: 'short', year: 'numeric' }
      : interval === 'HOUR'
        ? { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
        : { month: 'short', day: 'numeric' };
  try {
    return new Intl.DateTimeFormat('en', { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' });
  }
}
