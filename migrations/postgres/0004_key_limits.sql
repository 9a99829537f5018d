ALTER TABLE "keys" ADD COLUMN "allowed_providers" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "allowed_addresses" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "requests_per_minute" bigint;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "tokens_per_minute" bigint;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "budget_micro_usd_per_day" bigint;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "budget_micro_usd_per_month" bigint;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "on_exhausted" text DEFAULT 'stop' NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "hold_back" boolean DEFAULT false NOT NULL;