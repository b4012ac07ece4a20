# frozen_string_literal: true

require 'rbconfig'

module IngleRuntime
  # Starting anew with what Ruby takes in only when it starts.
  #
  # This process came up before it was known whom it serves. Where the function has what it should
  # have been started with, it becomes a new Ruby, which costs the time that Ruby takes to start.
  module Restart
    # Holds the LANG that the function is to find.
    MARK = '_INGLE_STARTED_ANEW'
    WRAPPER = 'AWS_LAMBDA_EXEC_WRAPPER'
    NOT_FOUND = 127
    NOT_EXECUTABLE = 126

    # What Ruby, the C library or the dynamic linker read at the start only.
    READ_AT_START = /\A(?:GLIBC_TUNABLES|LC_ALL|LC_CTYPE|LD_LIBRARY_PATH|LD_PRELOAD|MALLOC_\w+|
                          RUBYOPT|RUBY_\w+|#{WRAPPER})\z/x.freeze

    class << self
      # Whether a function's environment or its gems need a start of their own.
      def needed?(environment)
        environment.any? { |name, value| name.match?(READ_AT_START) && ENV[name] != value } ||
          gems_of(environment).any? { |gem| loaded_in_another_version?(gem) }
      end

      # Become a new Ruby with this environment, and with the channel as its standard input.
      def perform(environment, channel)
        variables = ENV.to_hash.merge(environment)
        variables[MARK] = environment['LANG'].to_s
        variables['LANG'] = ENV['LANG']
        command = [environment[WRAPPER], RbConfig.ruby, $PROGRAM_NAME].compact
        begin
          exec(variables, [command[0], command[0]], *command[1..-1],
               0 => channel.io, chdir: environment['LAMBDA_TASK_ROOT'], unsetenv_others: true)
        rescue SystemCallError => error
          STDERR.write("#{command[0]}: #{error.message}\n")
          exit!(error.is_a?(Errno::ENOENT) ? NOT_FOUND : NOT_EXECUTABLE)
        end
      end

      # Whether this is the new Ruby, which has its environment already.
      def started_anew?
        lang = ENV.delete(MARK)
        return false if lang.nil?

        lang.empty? ? ENV.delete('LANG') : ENV['LANG'] = lang
        true
      end

      private

      # The names of the files that describe the gems that the function brings.
      def gems_of(environment)
        environment['GEM_PATH'].to_s.split(File::PATH_SEPARATOR).flat_map do |folder|
          Dir.glob('*.gemspec', base: File.join(folder, 'specifications'))
        end
      end

      def loaded_in_another_version?(gem)
        name, dash, version = gem.delete_suffix('.gemspec').rpartition('-')
        loaded = Gem.loaded_specs[name]
        !dash.empty? && !loaded.nil? && loaded.version.to_s != version
      end
    end
  end
end
