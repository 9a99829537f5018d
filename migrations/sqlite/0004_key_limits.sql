ALTER TABLE `keys` ADD `allowed_providers` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `allowed_addresses` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `requests_per_minute` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `tokens_per_minute` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `budget_micro_usd_per_day` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `budget_micro_usd_per_month` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `on_exhausted` text DEFAULT 'stop' NOT NULL;--> statement-breakpoint
ALTER TABLE `keys` ADD `hold_back` integer DEFAULT false NOT NULL;