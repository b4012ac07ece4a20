# frozen_string_literal: true

require 'json'
require_relative 'output'

module IngleRuntime
  # How an error is answered and logged.
  #
  # Source: https://docs.aws.amazon.com/lambda/latest/dg/ruby-exceptions.html
  module Errors
    MAX_FRAMES = 100
    SDK = /\Acannot load such file -- (aws-sdk[\w-]*)/.freeze

    class << self
      # Return what the caller gets of an error.
      #
      # `stage` is where it came from: `Function` or `Init`.
      def describe(error, stage)
        {
          errorMessage: message_of(error),
          errorType: "#{stage}<#{error.class}>",
          stackTrace: trace_of(error)
        }
      end

      # Whether the process cannot be trusted to serve another invocation.
      def critical?(error)
        error.is_a?(NameError) || !error.is_a?(StandardError)
      end

      # Write the two events of an error: what went wrong, and the description.
      def log(heading, described)
        Output.event(heading)
        Output.event(JSON.pretty_generate(described))
        missing = described[:errorMessage][SDK, 1]
        return if missing.nil?

        Output.event("#{missing} is not part of this runtime: the function's package or a layer " \
                     'must bring it (bundle config set path vendor/bundle; bundle install).')
      end

      private

      def message_of(error)
        Output.utf8(error.message.to_s)
      rescue StandardError # a class of the function's own that cannot tell
        error.class.to_s
      end

      # The function's own frames: those of the runtime below them tell nobody anything.
      def trace_of(error)
        lines = (error.backtrace_locations || error.backtrace || []).first(MAX_FRAMES)
        lines.map { |line| Output.utf8(line.to_s) }.take_while { |line| !line.start_with?(__dir__) }
      end
    end
  end
end
