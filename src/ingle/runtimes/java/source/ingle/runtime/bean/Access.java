package ingle.runtime.bean;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;

/** Reaching members that the language hides. */
final class Access {
    private Access() {}

    /** Make a member usable; false where it is the virtual machine's own and stays closed. */
    static <M extends AccessibleObject & Member> boolean open(M member) {
        boolean closed = !Modifier.isPublic(member.getModifiers())
                || !Modifier.isPublic(member.getDeclaringClass().getModifiers());
        boolean fixed = member instanceof Field && Modifier.isFinal(member.getModifiers());
        if (!closed && !fixed) {
            return true;
        }
        try {
            member.setAccessible(true);
            return true;
        } catch (RuntimeException refused) {
            return false; // InaccessibleObjectException, which Java 8 does not have
        }
    }
}
