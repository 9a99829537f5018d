/** What the API answers with, as its own schemas say. */
import type { z } from 'zod';
import type { changesSchema } from '../http/intelligence/changes-schema.ts';
import type { spendForecastSchema } from '../http/intelligence/cost-forecast-schema.ts';
import type { explanationSchema } from '../http/intelligence/explanation-schema.ts';
import type { feedbackAnswerSchema } from '../http/intelligence/feedback-schema.ts';
import type { healthSchema } from '../http/intelligence/health-schema.ts';
import type { rankingsSchema } from '../http/intelligence/rankings-schema.ts';
import type { recommendationsSchema } from '../http/intelligence/recommendations-schema.ts';
import type { requestListSchema } from '../http/intelligence/request-list-schema.ts';
import type { keyListSchema } from '../http/keys/key-schema.ts';
import type { usageSchema } from '../http/keys/usage-schema.ts';
import type { modelListSchema } from '../http/models/models-schema.ts';

export type Changes = z.infer<typeof changesSchema>;
export type Explanation = z.infer<typeof explanationSchema>;
export type FeedbackAnswer = z.infer<typeof feedbackAnswerSchema>;
export type Health = z.infer<typeof healthSchema>;
export type KeyList = z.infer<typeof keyListSchema>;
export type ModelList = z.infer<typeof modelListSchema>;
export type Rankings = z.infer<typeof rankingsSchema>;
export type Recommendations = z.infer<typeof recommendationsSchema>;
export type RequestList = z.infer<typeof requestListSchema>;
export type SpendForecast = z.infer<typeof spendForecastSchema>;
export type UsageReport = z.infer<typeof usageSchema>;
export type UsageGroup = UsageReport['data'][number];
