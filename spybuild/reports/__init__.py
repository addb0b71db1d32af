"""Reports: one pure renderer a file, `render(report) -> str`. Findings know no colour; renderers know no engine.

text      for people: a table, then every finding with its two places and its remedy
as_json   for machines: the published form (`spybuild schema report`)
escaping  names that come from images, made harmless
"""
