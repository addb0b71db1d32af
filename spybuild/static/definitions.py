"""Definitions: `def` and `class` with their decorators, and what a class is made of before it is made."""

import ast
from typing import Any

from spybuild.static import failing, known_metaclasses, known_tuples, making, metaclasses, nodes, patches, refusals
from spybuild.static.core import Arguments, Raised
from spybuild.static.expressions import Expressions
from spybuild.static.forms import HOOKS, hook_of
from spybuild.static.modules import Module
from spybuild.static.names import type_parameters
from spybuild.static.objects import Class, Function, Instance, Namespace, Special
from spybuild.static.scopes import Frame, opened
from spybuild.static.values import OPEN, Binding, Container, Doubt, Known, Some, Tuple, Unknown, Value


class Definitions(Expressions):
    """Executes definitions."""

    # ---- functions ----
    def define_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """`def`: decorators and defaults are evaluated, then the decorators are called, the last one first."""
        decorators = [self.evaluate(decorator) for decorator in node.decorator_list]
        value: Value = self.make_function(node, node.name)
        self._run_annotations(node)
        for decorator, written in zip(reversed(decorators), reversed(node.decorator_list), strict=True):
            value = self.decorate(decorator, value, written)
        self.bind(node.name, value, node.lineno)

    def _run_annotations(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        every = node.args
        arguments = [*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg]
        outer, self.frame = self.frame, self._type_scope(node)
        try:
            for annotation in [*(each.annotation for each in arguments if each), node.returns]:
                if annotation is not None:
                    self.run_annotation(annotation)
        finally:
            self.frame = outer

    def _type_scope(self, node: Any) -> Frame:
        """PEP 695: a frame that has the type parameters of a definition; the frame as it is where it has none."""
        cells, frame = type_parameters(node), self.frame
        if cells is None:
            return frame
        return Frame(
            frame.module, cells, (frame.cells, *frame.enclosing), private=frame.private, function=frame.function
        )

    def run_annotation(self, node: ast.expr) -> None:
        """Annotations are evaluated where they stand, except since 3.14 and under PEP 563; most do nothing."""
        if self.frame.module.has_lazy_annotations:
            return
        inner = list(nodes.walk(node))
        if any(isinstance(each, ast.Call | ast.NamedExpr) for each in inner):
            self.evaluate(node)
        elif not any(isinstance(each, ast.comprehension | ast.Lambda) for each in inner):
            for name in (each for each in inner if isinstance(each, ast.Name)):
                self.must_have(self.mangle(name.id), name.lineno)
                kind = self.bound_class(self.mangle(name.id))
                if kind and not kind.native and any(hook_of(kind, hook) for hook in HOOKS):
                    self.evaluate(node)
                    return
            for each in inner:
                if isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name):
                    kind = self.bound_class(self.mangle(each.value.id))
                    self.fail_if(refusals.of_subscript(kind, Some("?")) if kind else None, each.lineno)

    def decorate(self, decorator: Value, value: Value, written: ast.expr) -> Value:
        """What a decorator makes of a function or a class."""
        result = self.call(decorator, Arguments((value,)), written.lineno)
        if isinstance(result, Unknown):
            name = ast.unparse(written)[:60] if not isinstance(written, ast.Call) else ast.unparse(written.func)[:60]
            return Unknown(Doubt(f"it is not known what the decorator @{name} returns", written.lineno))
        return result

    # ---- classes ----
    def define_class(self, node: ast.ClassDef) -> None:
        """`class`: bases, keywords, the body in a namespace of its own, then what metaclass and decorators do."""
        decorators = [self.evaluate(decorator) for decorator in node.decorator_list]
        outer, self.frame = self.frame, self._type_scope(node)
        try:
            bases, exact = self._bases(node)
            keywords = {item.arg or "**": self.evaluate(item.value) for item in node.keywords}
        finally:
            self.frame = outer
        kind = self._blank(node)
        kind.is_enum = any(isinstance(base, Class) and (base.is_enum or base.path == "enum.Enum") for base in bases)
        if metaclasses.prepares(self.as_interpreter(), keywords.get("metaclass"), bases):
            why = Doubt("its metaclass prepares its namespace", node.lineno)
            opened(self.journal, kind.cells, why, rebinds=False)
        self._run_body(node, kind)
        value = self._doubted(self.make_class(kind, bases, keywords, exact), node.lineno)
        for decorator, written in zip(reversed(decorators), reversed(node.decorator_list), strict=True):
            value = self.decorate(decorator, value, written)
        self.bind(node.name, value, node.lineno)

    def _doubted(self, value: Value, line: int) -> Value:
        """A class whose members somebody else changes; nothing is known where `__build_class__` is another."""
        replaced = patches.doubt_of(self.resolver.patched, "builtins", "__build_class__")
        if replaced:
            return Unknown(replaced)
        if isinstance(value, Class):
            for name, doubt in patches.members_of(self.resolver.patched, value).items():
                value.unsure = value.unsure or (doubt if name == OPEN else None)
                old = value.cells.get(name)
                self.journal.write(value.cells, name, Binding(old.value if old else Unknown(doubt), line, doubt))
        return value

    def _bases(self, node: ast.ClassDef) -> tuple[list[Value], bool]:
        bases: list[Value] = []
        exact = True
        for base in node.bases:
            value = self.evaluate(base.value if isinstance(base, ast.Starred) else base)
            items = self.items_of(value) if isinstance(base, ast.Starred) else (value,)
            exact = exact and items is not None
            bases += items or ()
        return bases, exact

    def _blank(self, node: ast.ClassDef) -> Class:
        prefix, enclosing = self.around()
        return Class(
            name=node.name, qualname=prefix + node.name, module=self.module_name(), home=self.frame.module, node=node,
            enclosing=enclosing, line=node.lineno, maker=self.module,
        )  # fmt: skip

    def _run_body(self, node: ast.ClassDef, kind: Class) -> None:
        outer = self.frame
        self.frame = Frame(outer.module, kind.cells, kind.enclosing, private=node.name, owner=kind)
        self.frames.append(self.frame)
        try:
            self._bind_type_parameters(node)
            self.execute(node.body)
        finally:
            self.frames.pop()
            self.frame = outer

    def _bind_type_parameters(self, node: Any) -> None:
        """PEP 695: `class A[T]` has T in a scope of its own around it."""
        cells = type_parameters(node)
        if cells and self.frame.owner:
            self.frame.owner.enclosing = (cells, *self.frame.owner.enclosing)
            self.frame.enclosing = self.frame.owner.enclosing

    def make_class(
        self, kind: Class, bases: list[Value], keywords: dict[str, Value], exact: bool, names: Value | None = None
    ) -> Value:
        """Make a class of a body that has run, or of `names`: its bases, its order of look-up, what its kind adds."""
        kind.maker = self.module
        maker = known_tuples.maker_of(bases)
        if maker:
            return known_tuples.make(self.as_interpreter(), maker, kind, bases, keywords)
        self._settle_bases(kind, bases, exact)
        metaclass = metaclasses.winner(self.as_interpreter(), keywords.get("metaclass"), kind.bases)
        inherited = [making.base_of(self.resolver, base.metaclass) for base in kind.bases if base.metaclass is not None]
        if not keywords.get("metaclass") and all(isinstance(each, Class) for each in inherited):
            self.fail_if(failing.of_metaclasses([each for each in inherited if isinstance(each, Class)]), kind.line)
        kind.metaclass = metaclass
        if isinstance(metaclass, Known | Container | Tuple | Module):
            self.distrust("its metaclass is no class", kind.line)
        if metaclass is None or making.is_plain(metaclass):
            return self._placed(self.finish_class(kind, keywords))
        return self._placed(self._made_by(kind, metaclass, bases, keywords, names))

    def _placed(self, value: Value) -> Value:
        """A class that says of itself where it is from, unless nobody knows what it says."""
        for name in ("__module__", "__qualname__") if isinstance(value, Class) else ():
            said = value.cells.get(name) if isinstance(value, Class) else None
            if said and (said.doubt or not isinstance(said.value, Known)):
                return self.unknown(f"what its {name} is cannot be known", said.line)
        return value

    def finish_class(self, kind: Class, keywords: dict[str, Value]) -> Class:
        """What `type.__new__` does with a class whose namespace is there."""
        self.fail_if(refusals.of_qualname(kind), kind.line)
        making.finish(self, kind)
        self._run_set_names(kind)
        self._initialise_subclass(kind, keywords)
        return kind

    def _made_by(
        self, kind: Class, metaclass: Value, bases: list[Value], keywords: dict[str, Value], names: Value | None
    ) -> Value:
        """A metaclass of the image makes it: what cannot be followed may change it, or make something else."""
        it = self.as_interpreter()
        self.lend_to_metaclass(kind, kind.line, calls=False)
        if metaclasses.is_followed(it, kind, metaclass) and isinstance(metaclass, Class):
            made = known_metaclasses.make(it, kind, metaclass, bases, keywords, names)
            if not isinstance(made, Unknown):
                return made
            return self._left_to(kind, metaclass, {})
        if not isinstance(metaclass, Class | Special | Unknown):
            self.escape(metaclass, kind.line)
            return self.unknown("it is not known what the function for its metaclass makes", kind.line)
        if not (isinstance(metaclass, Class) and self._is_usual(kind, metaclass)):
            return self._left_to(kind, metaclass, keywords)
        return self.finish_class(kind, keywords)

    def _is_usual(self, kind: Class, metaclass: Class) -> bool:
        """Whether a metaclass is the standard library's, whose classes are as they stand there."""
        if any(base.native and base.metaclass is metaclass for base in kind.mro):
            self._add_as_c_does(kind)
            return True
        return metaclass.home is not None and metaclass.home.is_stdlib

    def _left_to(self, kind: Class, metaclass: Value, keywords: dict[str, Value]) -> Value:
        """Nobody knows what a metaclass does: the class is what it makes of it."""
        self.finish_class(kind, keywords)
        kind.unsure = kind.unsure or Doubt("its metaclass may give it other bases", kind.line)
        if isinstance(metaclass, Class) and metaclass.home and not metaclass.home.is_stdlib:
            self.lend_methods(metaclass, kind.line)
        name = getattr(metaclass, "name", "") or "that is not known"
        self.poison(Namespace(kind), f"the metaclass {name} may change it", kind.line)
        if isinstance(metaclass, Class) and not metaclasses.makes_classes(metaclass):
            return self.unknown(f"the metaclass {name} may make anything of it", kind.line)
        return kind

    def _settle_bases(self, kind: Class, bases: list[Value], exact: bool) -> None:
        known = making.entries(self.resolver, kind, bases)
        if any(isinstance(base, Known | Function | Module | Container | Tuple) for base in bases):
            self.distrust("a base is no class", kind.line)
        self.fail_if(failing.of_bases(known), kind.line)
        if not exact:
            kind.unsure = kind.unsure or Doubt("its bases are not known", kind.line)
        if self.module.found.kind != "source":
            kind.unsure = kind.unsure or Doubt("a stub does not tell its bases: it is compiled", kind.line)
        known_all = exact and not kind.unsure and not any(base.unsure for base in known)
        if known_all and not (making.has_order(known) and making.ends_in_object(bases)):
            message = f"Cannot create a consistent method resolution order (MRO) for {kind.name}"
            raise Raised("TypeError", message, self.frame.module, kind.line)
        making.set_bases(kind, known)
        if any(isinstance(base, Instance) for base in bases):
            self.poison(Namespace(kind), "an object among its bases says what they are, and may change it", kind.line)
        if getattr(kind.node, "type_params", ()):
            making.add_generic(self.resolver, kind)

    def _run_set_names(self, kind: Class) -> None:
        """Objects in the body are told their names (`__set_name__`), and may change the class."""
        for name, binding in list(kind.cells.told()):
            value = binding.value
            if not isinstance(value, Instance):
                continue
            found = value.kind.find("__set_name__")
            if found and isinstance(found[1].value, Function):
                self.call(found[1].value, Arguments((value, kind, Known(name))), kind.line)

    def _initialise_subclass(self, kind: Class, keywords: dict[str, Value]) -> None:
        """`__init_subclass__` of a base may change it."""
        for base in kind.mro[1:]:
            found = base.cells.get("__init_subclass__")
            if found and not base.native and base.module not in ("typing", "typing_extensions", "enum"):
                function = getattr(found.value, "function", found.value)
                passed = {name: value for name, value in keywords.items() if name not in ("metaclass", "**")}
                if isinstance(function, Function):
                    self.call(function, Arguments((kind,), passed, "**" not in keywords), kind.line)
                else:
                    self.poison(Namespace(kind), f"__init_subclass__ of {base.name} is not known", kind.line)
                break
        else:
            passed_on = [name for name in keywords if name != "metaclass"]
            self.fail_if(refusals.of_class_keywords(kind, passed_on) if "**" not in keywords else None, kind.line)

    def _add_as_c_does(self, kind: Class) -> None:
        """The metaclasses of ctypes add the names in `_fields_`, and `from_param` to pointers (`_ctypes.c`)."""
        why = Doubt("its metaclass is written in C, and may add to it", kind.line)
        names = ["from_param"] if kind.cells.get("_type_") else []
        fields = kind.cells.get("_fields_")
        for each in self.items_of(self.resolver.actual(fields.value)) or (fields,) if fields else ():
            name = each.items[0] if isinstance(each, Tuple) and each.items else None
            if not isinstance(name, Known) or not isinstance(name.value, str):
                opened(self.journal, kind.cells, why, rebinds=False)
            else:
                names.append(name.value)
        for added in names:
            self.journal.write(kind.cells, added, Binding(Unknown(why), kind.line))
