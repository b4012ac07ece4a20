# frozen_string_literal: true

require 'json'

# What a handler may know of its invocation and of its function.
#
# Source: https://docs.aws.amazon.com/lambda/latest/dg/ruby-context.html
class LambdaContext
  W3C_FIELDS = %w[traceparent tracestate baggage].freeze
  private_constant :W3C_FIELDS

  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name,
              :function_name, :memory_limit_in_mb, :function_version, :identity, :client_context,
              :deadline_ms, :tenant_id

  # `request` answers to `[]` with what the Runtime API's headers would hold.
  def initialize(request)
    @deadline_ms = request['Lambda-Runtime-Deadline-Ms'].to_i
    @aws_request_id = request['Lambda-Runtime-Aws-Request-Id']
    @invoked_function_arn = request['Lambda-Runtime-Invoked-Function-Arn']
    @tenant_id = request['Lambda-Runtime-Aws-Tenant-Id']
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    @identity = parse(request['Lambda-Runtime-Cognito-Identity'])
    @client_context = parse(request['Lambda-Runtime-Client-Context'])
    @w3c = take_w3c
  end

  # Milliseconds until the invocation times out; never negative.
  def get_remaining_time_in_millis
    [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
  end

  # The caller's W3C trace context.
  def w3c
    @w3c.dup
  end

  private

  def parse(text)
    text.to_s.empty? ? nil : JSON.parse(text)
  end

  def take_w3c
    found = @client_context.delete('w3c') if @client_context.is_a?(Hash)
    return {} unless found.is_a?(Hash)

    found.select { |name, value| W3C_FIELDS.include?(name) && value.is_a?(String) }
  end
end
