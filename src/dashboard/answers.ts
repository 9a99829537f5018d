/** What the API answers with, as its own schemas say. */
import type { z } from 'zod';
import type { spendForecastSchema } from '../http/cost-forecast-schema.ts';
import type { explanationSchema } from '../http/explanation-schema.ts';
import type { healthSchema } from '../http/health-schema.ts';
import type { keyListSchema } from '../http/key-schema.ts';
import type { modelListSchema } from '../http/models-schema.ts';
import type { rankingsSchema } from '../http/rankings-schema.ts';
import type { recommendationsSchema } from '../http/recommendations-schema.ts';
import type { requestListSchema } from '../http/request-list-schema.ts';
import type { usageSchema } from '../http/usage-schema.ts';

export type Explanation = z.infer<typeof explanationSchema>;
export type Health = z.infer<typeof healthSchema>;
export type KeyList = z.infer<typeof keyListSchema>;
export type ModelList = z.infer<typeof modelListSchema>;
export type Rankings = z.infer<typeof rankingsSchema>;
export type Recommendations = z.infer<typeof recommendationsSchema>;
export type RequestList = z.infer<typeof requestListSchema>;
export type SpendForecast = z.infer<typeof spendForecastSchema>;
export type UsageReport = z.infer<typeof usageSchema>;
export type UsageGroup = UsageReport['data'][number];
