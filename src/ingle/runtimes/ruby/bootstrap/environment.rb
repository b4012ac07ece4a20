# frozen_string_literal: true

module IngleRuntime
  # Becoming the function's own process: its variables, its folder, its libraries.
  module Environment
    class << self
      def enter(environment)
        environment.each { |name, value| ENV[name] = value }
        Dir.chdir(ENV['LAMBDA_TASK_ROOT'])
        search_libraries
      end

      # Look for libraries where the variables say, although this process runs already.
      def search_libraries
        folders = ENV['RUBYLIB'].to_s.split(File::PATH_SEPARATOR)
        $LOAD_PATH.unshift(*(folders.map { |each| File.expand_path(each) }.uniq - $LOAD_PATH))
        root = ENV['LAMBDA_TASK_ROOT']
        $LOAD_PATH.unshift(root) unless $LOAD_PATH.include?(root)
        search_gems
      end

      # Ruby's own gems come last.
      def search_gems
        folders = [ENV['GEM_PATH'], *Gem.default_path - [Gem.user_dir]].compact
        Gem.paths = { 'GEM_HOME' => ENV['GEM_HOME'],
                      'GEM_PATH' => folders.join(File::PATH_SEPARATOR) }
      end
    end
  end
end
