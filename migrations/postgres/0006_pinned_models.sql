CREATE TABLE "pinned_models" (
	"key_id" text NOT NULL,
	"type" text NOT NULL,
	"model_id" text NOT NULL,
	"pinned_at_ms" bigint NOT NULL,
	CONSTRAINT "pinned_models_key_id_type_pk" PRIMARY KEY("key_id","type")
);
