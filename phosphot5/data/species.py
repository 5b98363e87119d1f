"""The species of a protein, as its FASTA header names it, and the group of species whose figures apply to it."""

import re

from phosphot5.errors import PhosphoT5Error
from phosphot5.wording import printable

__all__ = ["GROUPS", "given_group", "group_of", "named_species"]

GROUPS = {
    "human": "human",
    "mammals": "mammalian",
    "other_vertebrates": "other vertebrate",
    "insects_and_worms": "insect or worm",
    "yeasts": "yeast or mould",
    "plants": "plant",
    "protists": "protist",
}
"""Groups of the validation proteins, and the adjective of each."""

_SPECIES = {
    "human": """
        9606 HUMAN Homo sapiens
    """,
    "mammals": """
        10090 MOUSE Mus musculus
        10116 RAT Rattus norvegicus
        9823 PIG Sus scrofa
        9913 BOVIN Bos taurus
        9541 MACFA Macaca fascicularis
        9544 MACMU Macaca mulatta
        10029 CRIGR Cricetulus griseus
        10034 CRICR Cricetus cricetus
        10036 MESAU Mesocricetus auratus
        10141 CAVPO Cavia porcellus
        9986 RABIT Oryctolagus cuniculus
        9615 CANLF Canis lupus familiaris
        9615 CANLF Canis familiaris
        9685 FELCA Felis catus
        9796 HORSE Equus caballus
        9940 SHEEP Ovis aries
        9925 CAPHI Capra hircus
        9838 CAMDR Camelus dromedarius
        9534 CHLAE Chlorocebus aethiops
        60711 CHLSB Chlorocebus sabaeus
        9598 PANTR Pan troglodytes
        9593 GORGO Gorilla gorilla
        9595 GORGO Gorilla gorilla gorilla
        9601 PONAB Pongo abelii
        9483 CALJA Callithrix jacchus
        13616 MONDO Monodelphis domestica
        9258 ORNAN Ornithorhynchus anatinus
    """,
    "other_vertebrates": """
        7955 DANRE Danio rerio
        8355 XENLA Xenopus laevis
        8364 XENTR Xenopus tropicalis
        9031 CHICK Gallus gallus
        9103 MELGA Meleagris gallopavo
        93934 COTJA Coturnix japonica
        8932 COLLI Columba livia
        59729 TAEGU Taeniopygia guttata
        8801 STRCA Struthio camelus
        28377 ANOCA Anolis carolinensis
        8090 ORYLA Oryzias latipes
        31033 TAKRU Takifugu rubripes
        69293 GASAC Gasterosteus aculeatus
        7962 CYPCA Cyprinus carpio
        8030 SALSA Salmo salar
        8022 ONCMY Oncorhynchus mykiss
        30724 CLUPA Clupea pallasii
        7918 LEPOC Lepisosteus oculatus
        7797 SQUAC Squalus acanthias
    """,
    "insects_and_worms": """
        7227 DROME Drosophila melanogaster
        7240 DROSI Drosophila simulans
        7245 DROYA Drosophila yakuba
        7244 DROVI Drosophila virilis
        7220 DROER Drosophila erecta
        7217 DROAN Drosophila ananassae
        7222 DROGR Drosophila grimshawi
        7230 DROMO Drosophila mojavensis
        7234 DROPE Drosophila persimilis
        46245 DROPS Drosophila pseudoobscura pseudoobscura
        7238 DROSE Drosophila sechellia
        7260 DROWI Drosophila willistoni
        7165 ANOGA Anopheles gambiae
        7159 AEDAE Aedes aegypti
        7176 CULQU Culex quinquefasciatus
        7460 APIME Apis mellifera
        7091 BOMMO Bombyx mori
        7130 MANSE Manduca sexta
        7070 TRICA Tribolium castaneum
        7010 SCHGR Schistocerca gregaria
        6669 DAPPU Daphnia pulex
        6239 CAEEL Caenorhabditis elegans
        6238 CAEBR Caenorhabditis briggsae
        54126 PRIPA Pristionchus pacificus
        6253 ASCSU Ascaris suum
        6279 BRUMA Brugia malayi
    """,
    "yeasts": """
        4932 YEAST Saccharomyces cerevisiae
        559292 YEAST Saccharomyces cerevisiae
        307796 YEAS7 Saccharomyces cerevisiae
        285006 YEAS1 Saccharomyces cerevisiae
        574961 YEAS2 Saccharomyces cerevisiae
        545124 YEAS6 Saccharomyces cerevisiae
        643680 YEAS8 Saccharomyces cerevisiae
        226230 SACK1 Saccharomyces kudriavzevii
        4896 SCHPO Schizosaccharomyces pombe
        284812 SCHPO Schizosaccharomyces pombe
        5476 CANAX Candida albicans
        237561 CANAL Candida albicans
        294748 CANAW Candida albicans
        5478 CANGA Candida glabrata
        284593 CANGB Candida glabrata
        28985 KLULA Kluyveromyces lactis
        284590 KLULA Kluyveromyces lactis
        436907 VANPO Vanderwaltozyma polyspora
        294746 PICGU Meyerozyma guilliermondii
        322104 PICST Scheffersomyces stipitis
        559295 LACTC Lachancea thermotolerans
        559307 ZYGRC Zygosaccharomyces rouxii
        1064592 NAUCC Naumovozyma castellii
        284811 EREGS Eremothecium gossypii
        284592 DEBHA Debaryomyces hansenii
        4952 YARLI Yarrowia lipolytica
        284591 YARLI Yarrowia lipolytica
        5141 NEUCR Neurospora crassa
        367110 NEUCR Neurospora crassa
        242507 MAGO7 Magnaporthe oryzae
        242507 PYRO7 Pyricularia oryzae
        162425 EMENI Aspergillus nidulans
        227321 EMENI Emericella nidulans
        332952 ASPFN Aspergillus flavus
        431241 HYPJQ Hypocrea jecorina
        431241 HYPJQ Trichoderma reesei
    """,
    "plants": """
        3702 ARATH Arabidopsis thaliana
        4530 ORYSA Oryza sativa
        39947 ORYSJ Oryza sativa subsp. japonica
        39946 ORYSI Oryza sativa subsp. indica
        4577 MAIZE Zea mays
        4565 WHEAT Triticum aestivum
        4513 HORVU Hordeum vulgare
        112509 HORVV Hordeum vulgare subsp. vulgare
        4550 SECCE Secale cereale
        4558 SORBI Sorghum bicolor
        4555 SETIT Setaria italica
        15368 BRADI Brachypodium distachyon
        3847 SOYBN Glycine max
        3880 MEDTR Medicago truncatula
        34305 LOTJA Lotus japonicus
        3885 PHAVU Phaseolus vulgaris
        3888 PEA Pisum sativum
        3827 CICAR Cicer arietinum
        4081 SOLLC Solanum lycopersicum
        4113 SOLTU Solanum tuberosum
        4072 CAPAN Capsicum annuum
        4097 TOBAC Nicotiana tabacum
        4100 NICBE Nicotiana benthamiana
        3708 BRANA Brassica napus
        3728 SINAL Sinapis alba
        3635 GOSHI Gossypium hirsutum
        2711 CITSI Citrus sinensis
        3694 POPTR Populus trichocarpa
        29760 VITVI Vitis vinifera
        180498 JATCU Jatropha curcas
        3988 RICCO Ricinus communis
        3562 SPIOL Spinacia oleracea
        88036 SELML Selaginella moellendorffii
        3218 PHYPA Physcomitrium patens
        3218 PHYPA Physcomitrella patens
        3197 MARPO Marchantia polymorpha
        3055 CHLRE Chlamydomonas reinhardtii
        70448 OSTTA Ostreococcus tauri
    """,
    "protists": """
        5833 PLAFA Plasmodium falciparum
        36329 PLAF7 Plasmodium falciparum
        5821 PLABE Plasmodium berghei
        5823 PLABA Plasmodium berghei
        44689 DICDI Dictyostelium discoideum
        5702 TRYBB Trypanosoma brucei brucei
        185431 TRYB2 Trypanosoma brucei brucei
        5693 TRYCR Trypanosoma cruzi
        353153 TRYCC Trypanosoma cruzi
        347515 LEIMA Leishmania major
        5811 TOXGO Toxoplasma gondii
        508771 TOXGM Toxoplasma gondii
        432359 TOXGV Toxoplasma gondii
        5911 TETTH Tetrahymena thermophila
        312017 TETTS Tetrahymena thermophila
        5908 TETPY Tetrahymena pyriformis
        5888 PARTE Paramecium tetraurelia
        5755 ACACA Acanthamoeba castellanii
        5791 PHYPO Physarum polycephalum
    """,
}
"""Taxon id of NCBI, mnemonic of UniProt and scientific name of the species of each group; strains have own ids."""

_GROUP = {
    name.casefold(): group
    for group, rows in _SPECIES.items()
    for row in rows.strip().splitlines()
    for name in row.split(maxsplit=2)
}
"""Every id, mnemonic and name, and its group."""

_IN_HEADER = (
    re.compile(r"\sOX=(\w+)"),
    re.compile(r"\sOS=([^(]+?)\s*(?:\(|\s[A-Z]{2}=|$)"),
    re.compile(r"^(?:sp|tr)\|[^|\s]+\|\w+_(\w+)"),
    re.compile(r"\[([A-Z][a-z]+ [a-z][^\[\]]*)\]\s*$"),
    re.compile(r"\[([A-Z][a-z]+ [a-z.-]+)[^\[\]]*\]\s*$"),
)
"""Where a header names the species, first to last: taxon id, scientific name without its strain, mnemonic, and the name
in brackets at the end that NCBI writes, with its strain and without."""


def named_species(header: str) -> str:
    """Return the species that a FASTA header names: taxon id, else scientific name, else mnemonic of UniProt.

    UniProt and NCBI write these: ``OX=9606``, ``OS=Homo sapiens``, ``P53_HUMAN``, ``[Homo sapiens]``.

    The first of these that is in a group comes before the others: a strain has an id of its own, and the name of its
    species.

    Parameters
    ----------
    header : str
        Text after ``>``.

    Returns
    -------
    str
        Empty if none is named.

    Examples
    --------
    >>> named_species("sp|P53049|YOR1_YEAST Oligomycin resistance OS=Saccharomyces cerevisiae (strain S288c) GN=YOR1")
    'Saccharomyces cerevisiae'
    """
    names = [found[1] for pattern in _IN_HEADER if (found := pattern.search(header))]
    return next(filter(group_of, names), names[0] if names else "")


def group_of(species: str) -> str | None:
    """Return the group of a species, an entry of :data:`GROUPS`; None if it is in no group.

    Parameters
    ----------
    species : str
        Taxon id, scientific name or mnemonic of UniProt, in capitals or not.
    """
    return _GROUP.get(species.casefold())


def given_group(name: str) -> str:
    """Return the group that a user names, or that of the species.

    Parameters
    ----------
    name : str
        As for :func:`group_of`, or an entry of :data:`GROUPS`.

    Raises
    ------
    PhosphoT5Error
        If it is neither.
    """
    group = name if name in GROUPS else group_of(name)
    if group is None:
        raise PhosphoT5Error(
            f"--species {printable(name, 40)}: no such species is known; give a taxon id, a scientific name, a "
            f"mnemonic of UniProt such as MOUSE, or a group: {', '.join(GROUPS)}"
        )
    return group
