package ingle.runtime;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loads what the function and its layers bring: the package's own folder, its lib/*.jar, and the
 * layers' java/lib/*.jar. AWS's interfaces always come from the runtime, also where a package has
 * them, so that there is one of each.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/java-package.html">AWS's page</a>
 */
final class TaskClassLoader extends URLClassLoader {
    static {
        registerAsParallelCapable();
    }

    TaskClassLoader(String task, String layers, ClassLoader parent) throws MalformedURLException {
        super(path(task, layers), parent);
    }

    private static URL[] path(String task, String layers) throws MalformedURLException {
        List<URL> path = new ArrayList<>();
        path.add(url(task + "/"));
        addJars(path, task + "/lib");
        addJars(path, layers);
        return path.toArray(new URL[0]);
    }

    private static void addJars(List<URL> path, String folder) throws MalformedURLException {
        String[] names = new File(folder).list();
        if (names == null) {
            return; // there is no such folder
        }
        Arrays.sort(names);
        for (String name : names) {
            if (name.endsWith(".jar")) {
                path.add(url(folder + "/" + name));
            }
        }
    }

    private static URL url(String path) throws MalformedURLException {
        return new URL("file", null, -1, path);
    }
}
