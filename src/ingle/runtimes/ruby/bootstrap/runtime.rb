# frozen_string_literal: true

require 'json'
# AWS's runtime speaks HTTP, and functions use what it loads without loading it themselves.
require 'net/http'
require 'time'

require_relative 'channel'
require_relative 'environment'
require_relative 'errors'
require_relative 'function_logger'
require_relative 'invocation'
require_relative 'lambda_context'
require_relative 'lambda_handler'
require_relative 'marshaller'
require_relative 'output'
require_relative 'restart'

module IngleRuntime
  # The life of a runtime: load the handler, then serve invocations, one at a time.
  class Runtime
    INIT_FAILED = 1
    # AWS's runtime exits with -1.
    CRITICAL = 255
    # Bytes; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    MAX_RESPONSE = 6_291_556
    TOO_LARGE = {
      errorMessage: 'Response payload size exceeded maximum allowed payload size ' \
                    "(#{MAX_RESPONSE} bytes).",
      errorType: 'Function.ResponseSizeTooLarge'
    }.freeze

    attr_writer :handler

    def initialize(channel)
      @channel = channel
      @finished = false
    end

    # Wait for the function, load its handler, and serve it until the server is gone.
    def run(started_anew)
      name = started_anew ? ENV['_HANDLER'] : enter
      load_handler(name)
      @channel.send_frame(Channel::READY)
      serve until @finished
      @channel.close # at once, so that the server gives this process no more work
      exit(CRITICAL)
    end

    # Return the kind of the answer's frame and its text.
    def answer(invocation)
      prepare(invocation)
      request = AwsLambda::Marshaller.marshall_request(invocation)
      context = LambdaContext.new(invocation)
      answered, content_type = @handler.call_handler(request: request, context: context)
      text = (content_type == 'application/unknown' ? answered.read : answered).to_s
      return [Channel::FAULT, JSON.generate(TOO_LARGE)] if text.bytesize > MAX_RESPONSE

      [Channel::RESULT, text]
    rescue Exception => error
      [Channel::FAULT, JSON.generate(report(error))]
    end

    private

    # Take over the function's environment; return its handler's name.
    def enter
      frame = @channel.receive(Channel::INIT)
      exit(0) if frame.nil?
      settings = JSON.parse(frame.force_encoding(Encoding::UTF_8))
      environment = settings['environment']
      Restart.perform(environment, @channel) if Restart.needed?(environment)
      Environment.enter(environment)
      settings['handler']
    end

    def load_handler(name)
      @handler = LambdaHandler.new(env_handler: name)
      require @handler.handler_file_name
    rescue Exception => error
      described = Errors.describe(error, 'Init')
      Errors.log("Init error when loading handler #{name}", described)
      Output.flush
      @channel.send_frame(Channel::INIT_ERROR, JSON.generate(described))
      exit(INIT_FAILED)
    else
      Output.flush
    end

    def serve
      frame = @channel.receive(Channel::INVOKE)
      exit(0) if frame.nil?
      invocation = Invocation.new(frame)
      kind, text = answer(invocation)
      Output.flush
      @channel.send_frame(kind, invocation.request_id, text)
    end

    def prepare(invocation)
      $_global_aws_request_id = invocation.request_id
      ENV['_X_AMZN_TRACE_ID'] = invocation.trace_id.empty? ? nil : invocation.trace_id
    end

    def report(error)
      @finished = Errors.critical?(error)
      heading = @finished ? 'Critical exception from handler' : 'Error raised from handler method'
      described = Errors.describe(error, 'Function')
      Errors.log(heading, described)
      described
    end
  end
end
