# frozen_string_literal: true

module IngleRuntime
  # What an INVOKE frame tells, by the names of the Runtime API's headers.
  class Invocation
    HEAD = 'a36Q<S<S<L<S<'
    HEAD_SIZE = 54

    attr_reader :request_id, :trace_id, :body

    def initialize(frame)
      @request_id, deadline_ms, arn_size, trace_size, context_size, tenant_size = frame.unpack(HEAD)
      @at = HEAD_SIZE
      arn = take(frame, arn_size)
      @trace_id = take(frame, trace_size)
      client_context = take(frame, context_size)
      tenant_id = take(frame, tenant_size)
      @body = take(frame, frame.bytesize - @at)
      @headers = {
        'content-type' => 'application/json',
        'lambda-runtime-aws-request-id' => @request_id,
        'lambda-runtime-aws-tenant-id' => tenant_id.empty? ? nil : tenant_id,
        'lambda-runtime-client-context' => client_context,
        'lambda-runtime-deadline-ms' => deadline_ms.to_s,
        'lambda-runtime-invoked-function-arn' => arn,
        'lambda-runtime-trace-id' => @trace_id
      }
    end

    # A header's value; nil or empty where there is none.
    def [](name)
      @headers[name.downcase]
    end

    private

    def take(frame, size)
      text = frame.byteslice(@at, size).force_encoding(Encoding::UTF_8)
      @at += size
      text
    end
  end
end
