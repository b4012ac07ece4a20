# frozen_string_literal: true

require_relative 'errors'
require_relative 'runtime'

module IngleRuntime
  # Doing once, while it costs nobody time, what loading a handler and serving an invocation do:
  # what Ruby loads and sets up lazily is there afterwards.
  module Rehearsal
    EVENT = '{"key": ["value", 1, 1.5, null]}'

    # Answers with its event.
    module Echo
      def self.handler(event:, context:)
        Logger.new($stdout).info(context.aws_request_id)
        event
      end
    end

    class << self
      def run
        Output.mute do
          Environment.search_gems
          look_for_what_is_not_there
          runtime = Runtime.new(nil)
          runtime.handler = LambdaHandler.new(env_handler: "#{name}.#{Echo.name}.handler")
          runtime.answer(Invocation.new(frame))
        end
      ensure
        ENV.delete('_X_AMZN_TRACE_ID')
        $_global_aws_request_id = nil
        Gem.clear_paths
      end

      private

      def look_for_what_is_not_there
        require 'ingle/nothing'
      rescue LoadError => error
        Errors.log('', Errors.describe(error, 'Init'))
      end

      def frame
        ['0' * 36, 0, 0, 0, 0, 0].pack(Invocation::HEAD) + EVENT
      end
    end
  end
end
