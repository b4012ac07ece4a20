-- revision 0024
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE lambda_packages (
	sha256 VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	CONSTRAINT pk_lambda_packages PRIMARY KEY (sha256)
);
CREATE TABLE logs_groups (
	id INTEGER NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	creation_ms BIGINT NOT NULL, 
	stored_bytes BIGINT NOT NULL, 
	tags JSON NOT NULL, retention_days INTEGER, 
	CONSTRAINT pk_logs_groups PRIMARY KEY (id), 
	CONSTRAINT uq_logs_groups_account_id_region_name UNIQUE (account_id, region, name)
);
CREATE TABLE logs_streams (
	id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	creation_ms BIGINT NOT NULL, 
	first_event_ms BIGINT, 
	last_event_ms BIGINT, 
	last_ingestion_ms BIGINT, 
	CONSTRAINT pk_logs_streams PRIMARY KEY (id), 
	CONSTRAINT uq_logs_streams_group_id_name UNIQUE (group_id, name), 
	CONSTRAINT fk_logs_streams_group_id_logs_groups FOREIGN KEY(group_id) REFERENCES logs_groups (id) ON DELETE CASCADE
);
CREATE TABLE logs_chunks (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	stream_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	first_ms BIGINT NOT NULL, 
	last_ms BIGINT NOT NULL, 
	ingestion_ms BIGINT NOT NULL, 
	bytes INTEGER NOT NULL, 
	encoding SMALLINT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT fk_logs_chunks_stream_id_logs_streams FOREIGN KEY(stream_id) REFERENCES logs_streams (id) ON DELETE CASCADE
);
CREATE INDEX ix_logs_chunks_stream_first ON logs_chunks (stream_id, first_ms, id);
CREATE INDEX ix_logs_chunks_stream_last ON logs_chunks (stream_id, last_ms, id);
CREATE INDEX ix_logs_chunks_group_first ON logs_chunks (group_id, first_ms, id);
CREATE INDEX ix_logs_chunks_group_last ON logs_chunks (group_id, last_ms, id);
CREATE TABLE lambda_layers (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(140) NOT NULL, 
	last_version INTEGER NOT NULL, 
	CONSTRAINT pk_lambda_layers PRIMARY KEY (account_id, region, name)
);
CREATE TABLE lambda_layer_versions (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(140) NOT NULL, 
	version INTEGER NOT NULL, 
	description TEXT NOT NULL, 
	license_info TEXT, 
	runtimes JSON, 
	architectures JSON, 
	created_ms BIGINT NOT NULL, 
	package_sha256 VARCHAR(64) NOT NULL, 
	statements JSON NOT NULL, 
	policy_revision_id VARCHAR(36), 
	CONSTRAINT pk_lambda_layer_versions PRIMARY KEY (account_id, region, name, version), 
	CONSTRAINT fk_lambda_layer_versions_package_sha256_lambda_packages FOREIGN KEY(package_sha256) REFERENCES lambda_packages (sha256), 
	CONSTRAINT fk_lambda_layer_versions_account_id_lambda_layers FOREIGN KEY(account_id, region, name) REFERENCES lambda_layers (account_id, region, name)
);
CREATE INDEX ix_lambda_layer_versions_package_sha256 ON lambda_layer_versions (package_sha256);
CREATE TABLE lambda_aliases (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	function_version VARCHAR(16) NOT NULL, 
	description TEXT NOT NULL, 
	additional JSON NOT NULL, 
	revision_id VARCHAR(36) NOT NULL, 
	CONSTRAINT pk_lambda_aliases PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_aliases_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE lambda_concurrency (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	executions INTEGER NOT NULL, 
	last_modified_ms BIGINT NOT NULL, 
	CONSTRAINT pk_lambda_concurrency PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_concurrency_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE lambda_code_signing_configs (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	config_id VARCHAR(32) NOT NULL, 
	description TEXT, 
	publishers JSON NOT NULL, 
	policy VARCHAR(16) NOT NULL, 
	last_modified_ms BIGINT NOT NULL, 
	tags JSON NOT NULL, 
	CONSTRAINT pk_lambda_code_signing_configs PRIMARY KEY (account_id, region, config_id)
);
CREATE TABLE lambda_code_signing (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	config_id VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_lambda_code_signing PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_code_signing_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE lambda_runtime_management (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	update_on VARCHAR(16) NOT NULL, 
	version_arn TEXT, 
	CONSTRAINT pk_lambda_runtime_management PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_runtime_management_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE lambda_event_configs (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	last_modified_ms BIGINT NOT NULL, 
	retries INTEGER, 
	age_s INTEGER, 
	on_success TEXT, 
	on_failure TEXT, 
	CONSTRAINT pk_lambda_event_configs PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_event_configs_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE lambda_recursions (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	loop VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_lambda_recursions PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_recursions_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE lambda_function_urls (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	url_id VARCHAR(32) NOT NULL, 
	auth_type VARCHAR(16) NOT NULL, 
	cors JSON, 
	invoke_mode VARCHAR(16), 
	created_us BIGINT NOT NULL, 
	modified_us BIGINT NOT NULL, 
	CONSTRAINT pk_lambda_function_urls PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT uq_lambda_function_urls_url_id UNIQUE (url_id), 
	CONSTRAINT fk_lambda_function_urls_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE "invocation_events" (
	id INTEGER NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	payload BLOB NOT NULL, 
	size INTEGER NOT NULL, 
	request_id VARCHAR(36) NOT NULL, 
	trace TEXT NOT NULL, 
	accepted_ms BIGINT NOT NULL, 
	due_ms BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	tenant_id VARCHAR(256) NOT NULL, 
	CONSTRAINT pk_invocation_events PRIMARY KEY (id)
);
CREATE INDEX ix_invocation_events_line ON invocation_events (account_id, region, name, qualifier, due_ms, id);
CREATE TABLE "lambda_functions" (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	revision_id VARCHAR(36) NOT NULL, 
	last_modified_ms BIGINT NOT NULL, 
	runtime VARCHAR(32) NOT NULL, 
	handler TEXT NOT NULL, 
	role TEXT NOT NULL, 
	description TEXT NOT NULL, 
	timeout_s INTEGER NOT NULL, 
	memory_mb INTEGER NOT NULL, 
	ephemeral_mb INTEGER NOT NULL, 
	architecture VARCHAR(16) NOT NULL, 
	environment JSON, 
	log_group TEXT NOT NULL, 
	tags JSON NOT NULL, 
	package_sha256 VARCHAR(64) NOT NULL, 
	content_id VARCHAR(36) NOT NULL, 
	snap_start VARCHAR(32) NOT NULL, 
	layers JSON NOT NULL, 
	last_version INTEGER NOT NULL, 
	changed BOOLEAN NOT NULL, 
	log_format VARCHAR(8) NOT NULL, 
	application_log_level VARCHAR(8), 
	system_log_level VARCHAR(8), 
	image JSON, 
	image_overrides JSON, 
	image_update JSON, 
	state VARCHAR(16) NOT NULL, 
	state_reason TEXT NOT NULL, 
	state_reason_code VARCHAR(64) NOT NULL, 
	tracing VARCHAR(16) NOT NULL, 
	file_systems JSON NOT NULL, vpc JSON, tenant_isolation VARCHAR(16), durable_timeout_s INTEGER, durable_retention_days INTEGER, dead_letter TEXT, 
	CONSTRAINT pk_lambda_functions PRIMARY KEY (account_id, region, name), 
	CONSTRAINT fk_lambda_functions_package_sha256_lambda_packages FOREIGN KEY(package_sha256) REFERENCES lambda_packages (sha256)
);
CREATE INDEX ix_lambda_functions_package_sha256 ON lambda_functions (package_sha256);
CREATE TABLE "lambda_versions" (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	revision_id VARCHAR(36) NOT NULL, 
	content_id VARCHAR(36) NOT NULL, 
	last_modified_ms BIGINT NOT NULL, 
	runtime VARCHAR(32) NOT NULL, 
	handler TEXT NOT NULL, 
	role TEXT NOT NULL, 
	description TEXT NOT NULL, 
	timeout_s INTEGER NOT NULL, 
	memory_mb INTEGER NOT NULL, 
	ephemeral_mb INTEGER NOT NULL, 
	architecture VARCHAR(16) NOT NULL, 
	environment JSON, 
	log_group TEXT NOT NULL, 
	snap_start VARCHAR(32) NOT NULL, 
	layers JSON NOT NULL, 
	package_sha256 VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	state_reason TEXT NOT NULL, 
	state_reason_code VARCHAR(64) NOT NULL, 
	log_format VARCHAR(8) NOT NULL, 
	application_log_level VARCHAR(8), 
	system_log_level VARCHAR(8), 
	image JSON, 
	image_overrides JSON, 
	tracing VARCHAR(16) NOT NULL, 
	file_systems JSON NOT NULL, vpc JSON, tenant_isolation VARCHAR(16), durable_timeout_s INTEGER, durable_retention_days INTEGER, dead_letter TEXT, 
	CONSTRAINT pk_lambda_versions PRIMARY KEY (account_id, region, name, version), 
	CONSTRAINT fk_lambda_versions_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE, 
	CONSTRAINT fk_lambda_versions_package_sha256_lambda_packages FOREIGN KEY(package_sha256) REFERENCES lambda_packages (sha256)
);
CREATE INDEX ix_lambda_versions_package_sha256 ON lambda_versions (package_sha256);
CREATE TABLE durable_executions (
	id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	function VARCHAR(64) NOT NULL, 
	version VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	started_ms BIGINT NOT NULL, 
	input TEXT NOT NULL, 
	is_event BOOLEAN NOT NULL, 
	trace TEXT NOT NULL, 
	timeout_s INTEGER NOT NULL, 
	retention_days INTEGER NOT NULL, 
	deadline_ms BIGINT NOT NULL, 
	parent_id VARCHAR(36), 
	parent_operation_id VARCHAR(64), 
	status VARCHAR(16) NOT NULL, 
	ended_ms BIGINT, 
	result TEXT, 
	error JSON, 
	progress JSON NOT NULL, 
	wake_ms BIGINT, 
	CONSTRAINT pk_durable_executions PRIMARY KEY (id)
);
CREATE INDEX ix_durable_executions_wake ON durable_executions (wake_ms, id);
CREATE UNIQUE INDEX ix_durable_executions_name ON durable_executions (account_id, region, function, name);
CREATE INDEX ix_durable_executions_started ON durable_executions (account_id, region, function, started_ms, id);
CREATE TABLE durable_operations (
	execution_id VARCHAR(36) NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	input TEXT, 
	result TEXT, 
	state JSON NOT NULL, 
	CONSTRAINT pk_durable_operations PRIMARY KEY (execution_id, id), 
	CONSTRAINT fk_durable_operations_execution_id_durable_executions FOREIGN KEY(execution_id) REFERENCES durable_executions (id) ON DELETE CASCADE
);
CREATE TABLE durable_history (
	execution_id VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	type VARCHAR(32) NOT NULL, 
	at_ms BIGINT NOT NULL, 
	operation_id VARCHAR(64), 
	details JSON NOT NULL, 
	source VARCHAR(8) NOT NULL, 
	payload TEXT, 
	CONSTRAINT pk_durable_history PRIMARY KEY (execution_id, number), 
	CONSTRAINT fk_durable_history_execution_id_durable_executions FOREIGN KEY(execution_id) REFERENCES durable_executions (id) ON DELETE CASCADE
);
CREATE TABLE iam_accounts (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	title TEXT NOT NULL, 
	created_ms BIGINT NOT NULL, 
	alias VARCHAR(63), 
	password_policy JSON, 
	CONSTRAINT pk_iam_accounts PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_accounts_alias UNIQUE (alias)
);
CREATE TABLE iam_users (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	unique_id VARCHAR(32) NOT NULL, 
	path VARCHAR(512) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	inline JSON NOT NULL, 
	attached JSON NOT NULL, 
	groups JSON NOT NULL, 
	boundary TEXT, 
	tags JSON NOT NULL, 
	password TEXT, 
	password_created_ms BIGINT, 
	password_reset BOOLEAN NOT NULL, 
	CONSTRAINT pk_iam_users PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_users_unique_id UNIQUE (unique_id)
);
CREATE TABLE iam_groups (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	unique_id VARCHAR(32) NOT NULL, 
	path VARCHAR(512) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	inline JSON NOT NULL, 
	attached JSON NOT NULL, 
	CONSTRAINT pk_iam_groups PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_groups_unique_id UNIQUE (unique_id)
);
CREATE TABLE iam_roles (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	unique_id VARCHAR(32) NOT NULL, 
	path VARCHAR(512) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	inline JSON NOT NULL, 
	attached JSON NOT NULL, 
	trust TEXT NOT NULL, 
	description TEXT, 
	max_session_s INTEGER NOT NULL, 
	boundary TEXT, 
	tags JSON NOT NULL, 
	CONSTRAINT pk_iam_roles PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_roles_unique_id UNIQUE (unique_id)
);
CREATE TABLE iam_policies (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	unique_id VARCHAR(32) NOT NULL, 
	path VARCHAR(512) NOT NULL, 
	description TEXT, 
	"default" INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	versions JSON NOT NULL, 
	created_ms BIGINT NOT NULL, 
	updated_ms BIGINT NOT NULL, 
	tags JSON NOT NULL, 
	CONSTRAINT pk_iam_policies PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_policies_unique_id UNIQUE (unique_id)
);
CREATE TABLE iam_access_keys (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	secret TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	created_ms BIGINT NOT NULL, 
	CONSTRAINT pk_iam_access_keys PRIMARY KEY (account_id, name_key)
);
CREATE TABLE iam_instance_profiles (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	unique_id VARCHAR(32) NOT NULL, 
	path VARCHAR(512) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	role VARCHAR(64), 
	tags JSON NOT NULL, 
	CONSTRAINT pk_iam_instance_profiles PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_instance_profiles_unique_id UNIQUE (unique_id)
);
CREATE TABLE iam_server_certificates (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	unique_id VARCHAR(32) NOT NULL, 
	path VARCHAR(512) NOT NULL, 
	uploaded_ms BIGINT NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	body TEXT NOT NULL, 
	chain TEXT, 
	private_key TEXT NOT NULL, 
	tags JSON NOT NULL, 
	CONSTRAINT pk_iam_server_certificates PRIMARY KEY (account_id, name_key), 
	CONSTRAINT uq_iam_server_certificates_unique_id UNIQUE (unique_id)
);
CREATE TABLE iam_oidc_providers (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	client_ids JSON NOT NULL, 
	thumbprints JSON NOT NULL, 
	created_ms BIGINT NOT NULL, 
	tags JSON NOT NULL, 
	CONSTRAINT pk_iam_oidc_providers PRIMARY KEY (account_id, name_key)
);
CREATE TABLE iam_mfa_devices (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	seed TEXT NOT NULL, 
	created_ms BIGINT NOT NULL, 
	user VARCHAR(64), 
	enabled_ms BIGINT, 
	tags JSON NOT NULL, 
	CONSTRAINT pk_iam_mfa_devices PRIMARY KEY (account_id, name_key)
);
CREATE TABLE iam_deletion_tasks (
	account_id VARCHAR(12) NOT NULL, 
	name_key VARCHAR(512) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	CONSTRAINT pk_iam_deletion_tasks PRIMARY KEY (account_id, name_key)
);
CREATE TABLE iam_uses (
	used_id VARCHAR(32) NOT NULL, 
	at_ms BIGINT NOT NULL, 
	service VARCHAR(64) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_iam_uses PRIMARY KEY (used_id)
);
CREATE TABLE "lambda_policies" (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	statements JSON NOT NULL, 
	head JSON NOT NULL, 
	CONSTRAINT pk_lambda_policies PRIMARY KEY (account_id, region, name, qualifier), 
	CONSTRAINT fk_lambda_policies_account_id_lambda_functions FOREIGN KEY(account_id, region, name) REFERENCES lambda_functions (account_id, region, name) ON DELETE CASCADE
);
CREATE TABLE sqs_queues (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	attributes JSON NOT NULL, 
	tags JSON NOT NULL, 
	created_ms BIGINT NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	secret BLOB NOT NULL, 
	CONSTRAINT uq_sqs_queues_account_id_region_name UNIQUE (account_id, region, name)
);
CREATE TABLE sqs_messages (
	id INTEGER NOT NULL, 
	queue_id BIGINT NOT NULL, 
	message_id VARCHAR(36) NOT NULL, 
	body TEXT NOT NULL, 
	attributes BLOB, 
	size INTEGER NOT NULL, 
	sender TEXT NOT NULL, 
	sent_ms BIGINT NOT NULL, 
	trace TEXT NOT NULL, 
	message_group VARCHAR(128), 
	deduplication VARCHAR(128), 
	sequence VARCHAR(20), 
	source TEXT, 
	place BIGINT NOT NULL, 
	receives INTEGER NOT NULL, 
	receives_before INTEGER NOT NULL, 
	first_received_ms BIGINT, 
	due_ms BIGINT NOT NULL, sealed BLOB, received_ms BIGINT, 
	CONSTRAINT pk_sqs_messages PRIMARY KEY (id)
);
CREATE TABLE sqs_deduplications (
	id INTEGER NOT NULL, 
	queue_id BIGINT NOT NULL, 
	scope VARCHAR(128) NOT NULL, 
	deduplication VARCHAR(128) NOT NULL, 
	message_id VARCHAR(36) NOT NULL, 
	sequence VARCHAR(20) NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	CONSTRAINT pk_sqs_deduplications PRIMARY KEY (id)
);
CREATE INDEX ix_sqs_deduplications_expires_ms ON sqs_deduplications (expires_ms);
CREATE TABLE sqs_move_tasks (
	id VARCHAR(36) NOT NULL, 
	source TEXT NOT NULL, 
	destination TEXT, 
	per_second INTEGER, 
	started_ms BIGINT NOT NULL, 
	to_move BIGINT NOT NULL, 
	moved BIGINT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	failure TEXT, 
	CONSTRAINT pk_sqs_move_tasks PRIMARY KEY (id)
);
CREATE TABLE lambda_event_source_mappings (
	uuid VARCHAR(36) NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	qualifier VARCHAR(128) NOT NULL, 
	source_arn TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	batch_size INTEGER NOT NULL, 
	window_s INTEGER NOT NULL, 
	filters JSON NOT NULL, 
	reports BOOLEAN NOT NULL, 
	most INTEGER, 
	metrics JSON, 
	tags JSON NOT NULL, 
	modified_ms BIGINT NOT NULL, pollers JSON, 
	CONSTRAINT pk_lambda_event_source_mappings PRIMARY KEY (uuid)
);
CREATE TABLE sns_topics (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	attributes JSON NOT NULL, 
	tags JSON NOT NULL, 
	CONSTRAINT uq_sns_topics_account_id_region_name UNIQUE (account_id, region, name)
);
CREATE TABLE sns_subscriptions (
	id VARCHAR(36) NOT NULL, 
	topic_id BIGINT NOT NULL, 
	protocol VARCHAR(16) NOT NULL, 
	endpoint TEXT NOT NULL, 
	owner VARCHAR(12) NOT NULL, 
	principal TEXT NOT NULL, 
	attributes JSON NOT NULL, 
	token TEXT NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	authenticated BOOLEAN NOT NULL, 
	guarded BOOLEAN NOT NULL, 
	created_ms BIGINT NOT NULL, 
	token_ms BIGINT NOT NULL, 
	ended BOOLEAN NOT NULL, 
	replay JSON, 
	CONSTRAINT pk_sns_subscriptions PRIMARY KEY (id)
);
CREATE INDEX ix_sns_subscriptions_topic_id ON sns_subscriptions (topic_id);
CREATE TABLE sns_deduplications (
	id INTEGER NOT NULL, 
	topic_id BIGINT NOT NULL, 
	scope VARCHAR(128) NOT NULL, 
	deduplication VARCHAR(128) NOT NULL, 
	message_id VARCHAR(36) NOT NULL, 
	sequence VARCHAR(20) NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	CONSTRAINT pk_sns_deduplications PRIMARY KEY (id)
);
CREATE INDEX ix_sns_deduplications_expires_ms ON sns_deduplications (expires_ms);
CREATE TABLE sns_deliveries (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	subscription_id VARCHAR(36) NOT NULL, 
	message_id VARCHAR(36) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	subject TEXT, 
	body TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_ms BIGINT NOT NULL
);
CREATE INDEX ix_sns_deliveries_subscription_id ON sns_deliveries (subscription_id);
CREATE TABLE sns_archive (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	topic_id BIGINT NOT NULL, 
	message_id VARCHAR(36) NOT NULL, 
	sequence VARCHAR(20) NOT NULL, 
	published_ms BIGINT NOT NULL, 
	content BLOB NOT NULL
);
CREATE INDEX ix_sns_archive_topic_id_id ON sns_archive (topic_id, id);
CREATE TABLE sns_signing_keys (
	id INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	certificate TEXT NOT NULL, 
	CONSTRAINT pk_sns_signing_keys PRIMARY KEY (id)
);
CREATE TABLE events_buses (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	settings JSON NOT NULL, 
	policy TEXT NOT NULL, 
	tags JSON NOT NULL, 
	created_ms BIGINT NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	CONSTRAINT pk_events_buses PRIMARY KEY (account_id, region, name)
);
CREATE TABLE events_rules (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	bus VARCHAR(256) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	pattern TEXT NOT NULL, 
	schedule TEXT NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	description TEXT NOT NULL, 
	role TEXT NOT NULL, 
	tags JSON NOT NULL, 
	targets JSON NOT NULL, 
	since_ms BIGINT NOT NULL, 
	next_ms BIGINT, 
	CONSTRAINT pk_events_rules PRIMARY KEY (account_id, region, bus, name)
);
CREATE TABLE events_archives (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(48) NOT NULL, 
	bus VARCHAR(256) NOT NULL, 
	pattern TEXT NOT NULL, 
	description TEXT NOT NULL, 
	retention_days INTEGER NOT NULL, 
	created_ms BIGINT NOT NULL, 
	CONSTRAINT pk_events_archives PRIMARY KEY (account_id, region, name)
);
CREATE TABLE events_archived (
	id INTEGER NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	archive VARCHAR(48) NOT NULL, 
	time_ms BIGINT NOT NULL, 
	added_ms BIGINT NOT NULL, 
	event BLOB NOT NULL, 
	CONSTRAINT pk_events_archived PRIMARY KEY (id)
);
CREATE INDEX ix_events_archived_time ON events_archived (account_id, region, archive, time_ms);
CREATE TABLE events_replays (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	archive VARCHAR(48) NOT NULL, 
	bus VARCHAR(256) NOT NULL, 
	rules JSON NOT NULL, 
	description TEXT NOT NULL, 
	start_ms BIGINT NOT NULL, 
	end_ms BIGINT NOT NULL, 
	began_ms BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	reason TEXT NOT NULL, 
	ended_ms BIGINT NOT NULL, 
	last_ms BIGINT NOT NULL, 
	last_id BIGINT NOT NULL, 
	CONSTRAINT pk_events_replays PRIMARY KEY (account_id, region, name)
);
CREATE TABLE events_connections (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	description TEXT NOT NULL, 
	secret BLOB NOT NULL, 
	created_ms BIGINT NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	authorized_ms BIGINT NOT NULL, 
	CONSTRAINT pk_events_connections PRIMARY KEY (account_id, region, name)
);
CREATE TABLE events_destinations (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	connection TEXT NOT NULL, 
	description TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	method VARCHAR(8) NOT NULL, 
	per_second INTEGER NOT NULL, 
	created_ms BIGINT NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	CONSTRAINT pk_events_destinations PRIMARY KEY (account_id, region, name)
);
CREATE TABLE deliveries (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	service VARCHAR(64) NOT NULL, 
	source_arn TEXT NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	target JSON NOT NULL, 
	event BLOB NOT NULL, 
	created_ms BIGINT NOT NULL, 
	trace TEXT NOT NULL, 
	hops INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_ms BIGINT NOT NULL
);
CREATE TABLE scheduler_groups (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	tags JSON NOT NULL, 
	created_ms BIGINT NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_scheduler_groups PRIMARY KEY (account_id, region, name)
);
CREATE TABLE scheduler_schedules (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	"group" VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	settings JSON NOT NULL, 
	created_ms BIGINT NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	tick_ms BIGINT, 
	next_ms BIGINT, 
	token VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_scheduler_schedules PRIMARY KEY (account_id, region, "group", name)
);
CREATE TABLE s3_buckets (
	id INTEGER NOT NULL, 
	name VARCHAR(63) NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	settings JSON NOT NULL, 
	CONSTRAINT pk_s3_buckets PRIMARY KEY (id), 
	CONSTRAINT uq_s3_buckets_name UNIQUE (name)
);
CREATE TABLE s3_versions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	bucket_id INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	version_id VARCHAR(64) NOT NULL, 
	is_latest BOOLEAN NOT NULL, 
	is_marker BOOLEAN NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	etag VARCHAR(64) NOT NULL, 
	parts INTEGER NOT NULL, 
	storage_class VARCHAR(32) NOT NULL, 
	checksum VARCHAR(128), 
	facts JSON NOT NULL, 
	CONSTRAINT fk_s3_versions_bucket_id_s3_buckets FOREIGN KEY(bucket_id) REFERENCES s3_buckets (id) ON DELETE CASCADE
);
CREATE INDEX ix_s3_versions_bucket_id_key_id ON s3_versions (bucket_id, "key", id);
CREATE INDEX ix_s3_versions_objects ON s3_versions (bucket_id, "key") WHERE is_latest = 1 AND is_marker = 0;
CREATE TABLE s3_uploads (
	id VARCHAR(128) NOT NULL, 
	bucket_id INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	initiated_ms BIGINT NOT NULL, 
	algorithm VARCHAR(16) NOT NULL, 
	checksum_type VARCHAR(16) NOT NULL, 
	initiator VARCHAR(2048) NOT NULL, 
	storage_class VARCHAR(32) NOT NULL, 
	facts JSON NOT NULL, 
	CONSTRAINT pk_s3_uploads PRIMARY KEY (id), 
	CONSTRAINT fk_s3_uploads_bucket_id_s3_buckets FOREIGN KEY(bucket_id) REFERENCES s3_buckets (id) ON DELETE CASCADE
);
CREATE INDEX ix_s3_uploads_bucket_id_key_id ON s3_uploads (bucket_id, "key", id);
CREATE TABLE s3_contents (
	id VARCHAR(32) NOT NULL, 
	object_id INTEGER, 
	upload_id VARCHAR(128), 
	number INTEGER NOT NULL, 
	size BIGINT NOT NULL, 
	etag VARCHAR(32) NOT NULL, 
	checksum VARCHAR(128), 
	in_file BOOLEAN NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	key_id VARCHAR(16) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_s3_contents PRIMARY KEY (id), 
	CONSTRAINT fk_s3_contents_object_id_s3_versions FOREIGN KEY(object_id) REFERENCES s3_versions (id) ON DELETE CASCADE, 
	CONSTRAINT fk_s3_contents_upload_id_s3_uploads FOREIGN KEY(upload_id) REFERENCES s3_uploads (id) ON DELETE CASCADE
);
CREATE INDEX ix_s3_contents_object_id_number ON s3_contents (object_id, number);
CREATE INDEX ix_s3_contents_upload_id_number ON s3_contents (upload_id, number);
CREATE INDEX ix_s3_contents_key_id ON s3_contents (key_id);
CREATE TABLE cloudwatch_metrics (
	id INTEGER NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	namespace VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	dimensions TEXT NOT NULL, 
	last BIGINT NOT NULL, 
	CONSTRAINT pk_cloudwatch_metrics PRIMARY KEY (id)
);
CREATE TABLE cloudwatch_journal (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	data BLOB NOT NULL
);
CREATE TABLE cloudwatch_data (
	metric_id INTEGER NOT NULL, 
	unit VARCHAR(32) NOT NULL, 
	tier INTEGER NOT NULL, 
	start BIGINT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_cloudwatch_data PRIMARY KEY (metric_id, unit, tier, start)
);
CREATE INDEX ix_cloudwatch_data_tier_start ON cloudwatch_data (tier, start);
CREATE TABLE cloudwatch_dashboards (
	id INTEGER NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	body TEXT NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	tags TEXT NOT NULL, 
	CONSTRAINT pk_cloudwatch_dashboards PRIMARY KEY (id), 
	CONSTRAINT uq_cloudwatch_dashboards_account_id_name UNIQUE (account_id, name)
);
CREATE TABLE xray_segments (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	trace_id VARCHAR(35) NOT NULL, 
	segment_id VARCHAR(16) NOT NULL, 
	started FLOAT NOT NULL, 
	ended FLOAT NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_xray_segments PRIMARY KEY (account_id, region, trace_id, segment_id)
);
CREATE INDEX ix_xray_segments_started ON xray_segments (account_id, region, started);
CREATE INDEX ix_xray_segments_ended ON xray_segments (ended);
CREATE TABLE logs_metric_filters (
	id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	pattern TEXT NOT NULL, 
	transformation JSON NOT NULL, 
	creation_ms BIGINT NOT NULL, 
	CONSTRAINT pk_logs_metric_filters PRIMARY KEY (id), 
	CONSTRAINT uq_logs_metric_filters_group_id_name UNIQUE (group_id, name), 
	CONSTRAINT fk_logs_metric_filters_group_id_logs_groups FOREIGN KEY(group_id) REFERENCES logs_groups (id) ON DELETE CASCADE
);
CREATE TABLE logs_subscription_filters (
	id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	pattern TEXT NOT NULL, 
	destination TEXT NOT NULL, 
	role TEXT, 
	distribution VARCHAR(16) NOT NULL, 
	creation_ms BIGINT NOT NULL, 
	CONSTRAINT pk_logs_subscription_filters PRIMARY KEY (id), 
	CONSTRAINT uq_logs_subscription_filters_group_id_name UNIQUE (group_id, name), 
	CONSTRAINT fk_logs_subscription_filters_group_id_logs_groups FOREIGN KEY(group_id) REFERENCES logs_groups (id) ON DELETE CASCADE
);
CREATE TABLE logs_query_definitions (
	id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	"query" TEXT NOT NULL, 
	group_names JSON NOT NULL, 
	parameters JSON NOT NULL, 
	modified_ms BIGINT NOT NULL, 
	CONSTRAINT pk_logs_query_definitions PRIMARY KEY (id)
);
CREATE TABLE logs_export_tasks (
	id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	group_name VARCHAR(512) NOT NULL, 
	stream_prefix VARCHAR(512) NOT NULL, 
	from_ms BIGINT NOT NULL, 
	to_ms BIGINT NOT NULL, 
	bucket VARCHAR(512) NOT NULL, 
	prefix TEXT NOT NULL, 
	code VARCHAR(16) NOT NULL, 
	message TEXT NOT NULL, 
	creation_ms BIGINT NOT NULL, 
	completion_ms BIGINT, 
	CONSTRAINT pk_logs_export_tasks PRIMARY KEY (id)
);
CREATE TABLE metering_usage (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	function VARCHAR(64) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	architecture VARCHAR(16) NOT NULL, 
	requests BIGINT NOT NULL, 
	provisioned_requests BIGINT NOT NULL, 
	mb_ms BIGINT NOT NULL, 
	mb_100ms BIGINT NOT NULL, 
	provisioned_mb_ms BIGINT NOT NULL, 
	provisioned_mb_100ms BIGINT NOT NULL, 
	ephemeral_mb_ms BIGINT NOT NULL, 
	ephemeral_mb_100ms BIGINT NOT NULL, 
	standing_mb_ms BIGINT NOT NULL, 
	snapshot_mb_ms BIGINT NOT NULL, 
	restored_mb BIGINT NOT NULL, 
	code_byte_s BIGINT NOT NULL, 
	busy_ms BIGINT NOT NULL, 
	concurrency INTEGER NOT NULL, 
	peak_mb INTEGER NOT NULL, 
	CONSTRAINT pk_metering_usage PRIMARY KEY (account_id, region, day, function, version, architecture)
);
CREATE TABLE metering_standing (
	kind VARCHAR(16) NOT NULL, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	function VARCHAR(64) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	architecture VARCHAR(16) NOT NULL, 
	amount BIGINT NOT NULL, 
	since_ms BIGINT NOT NULL, 
	charged_ms BIGINT NOT NULL, 
	CONSTRAINT pk_metering_standing PRIMARY KEY (kind, account_id, region, function, version)
);
CREATE TABLE metering_load (
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	concurrency INTEGER NOT NULL, 
	memory_mb BIGINT NOT NULL, 
	cpu_ms BIGINT NOT NULL, 
	CONSTRAINT pk_metering_load PRIMARY KEY (account_id, region, day)
);
CREATE TABLE cloudwatch_alarms (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	settings TEXT NOT NULL, 
	configured_ms BIGINT NOT NULL, 
	tags TEXT NOT NULL, 
	state VARCHAR(24) NOT NULL, 
	reason TEXT NOT NULL, 
	reason_data TEXT NOT NULL, 
	updated_ms BIGINT NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	suppressed_by VARCHAR(24) NOT NULL, 
	suppressed_until_ms BIGINT NOT NULL, 
	CONSTRAINT uq_cloudwatch_alarms_account_id_region_name UNIQUE (account_id, region, name)
);
CREATE TABLE cloudwatch_alarm_history (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id VARCHAR(12) NOT NULL, 
	region VARCHAR(32) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	at_ms BIGINT NOT NULL, 
	type VARCHAR(32) NOT NULL, 
	summary TEXT NOT NULL, 
	data TEXT NOT NULL
);
CREATE INDEX ix_cloudwatch_alarm_history_at_ms ON cloudwatch_alarm_history (at_ms);
CREATE INDEX ix_cloudwatch_alarm_history_account_id_region_id ON cloudwatch_alarm_history (account_id, region, id);
