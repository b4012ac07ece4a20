# frozen_string_literal: true

# How this process comes up: completely, before it is known whom it serves.

require_relative 'environment'
require_relative 'restart'

started_anew = IngleRuntime::Restart.started_anew?
# A gem that the function brings is preferred to Ruby's own of the same name.
IngleRuntime::Environment.search_libraries if started_anew

require_relative 'channel'
require_relative 'output'
require_relative 'rehearsal'
require_relative 'runtime'

channel = IngleRuntime::Channel.from_standard_input
IngleRuntime::Output.set_up
IngleRuntime::Rehearsal.run unless started_anew
Process.warmup if Process.respond_to?(:warmup)
IngleRuntime::Runtime.new(channel).run(started_anew)
